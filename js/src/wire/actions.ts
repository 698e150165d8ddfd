// What a view can ask of the kernel. Coordinates are pixels of the original image.

import type {
  EverythingThresholds,
  ImageStatus,
  ObjectChange,
  WireBox,
  WireIslands,
} from "../protocol";

/** What a person did, each as one gesture. */
export interface GestureActions {
  addPoint(x: number, y: number, positive: boolean): void;
  movePoint(index: number, x: number, y: number): void;
  removePoint(index: number): void;
  setBox(box: WireBox): void;
  removeBox(): void;
  removeMask(): void;
  setMaskFrom(annotationId: string): void;
  setMultimask(value: boolean | null): void;
  clear(): void;
  undo(): void;
  redo(): void;
  // Edits by hand, of an accepted object or (null) of the mask on screen. Points: x, y, x, y ...
  brush(points: readonly number[], radius: number, annotationId: string | null): void;
  erase(points: readonly number[], radius: number, annotationId: string | null): void;
  addPolygon(points: readonly number[], annotationId: string | null): void;
  subtractPolygon(points: readonly number[], annotationId: string | null): void;
  fillHoles(maxArea: number | null, annotationId: string | null): void;
  dropIslands(minArea: number, annotationId: string | null): void;
  smooth(radius: number, annotationId: string | null): void;
  split(annotationId: string, line: readonly number[] | null): void;
  merge(ids: readonly string[], label: string | null): void;
  updateAnnotation(id: string, change: ObjectChange): void;
  removeAnnotation(id: string): void;
  reopen(id: string): void;
  /** Each of these is one step for undo, however many objects it changes. */
  updateAnnotations(ids: readonly string[], change: ObjectChange): void;
  removeAnnotations(ids: readonly string[]): void;
  showOnly(ids: readonly string[]): void;
  addLabel(label: string): void;
  renameLabel(label: string, to: string): void;
  recolorLabel(label: string, color: string): void;
  removeLabel(label: string): void;
}

/** What tools and panels can ask for; connection.ts implements it. */
export interface Actions extends GestureActions {
  choose(index: number): void;
  accept(label: string | null): void;
  islands(annotationId: string | null): Promise<WireIslands>;
  /** Latest wins, one in flight; null withdraws what was asked and hides what is shown. */
  preview(point: { x: number; y: number } | null): void;
  /** Opens another image of the series; the newest wish counts. */
  goTo(index: number): void;
  mark(index: number, status: ImageStatus): void;
  /** A small picture of an image of the series, and its name. */
  thumbnail(index: number): Promise<{ picture: Blob; name: string }>;
  readonly everything: EverythingActions;
  /** The encoded picture of one pyramid tile of the current image. */
  tile(level: number, column: number, row: number): Promise<Blob>;
}

/** What the panel and the tool can ask for. */
export interface EverythingActions {
  run(pointsPerSide: number, cropLayers: number, region: WireBox | null): void;
  cancel(): void;
  /** Latest wins, one in flight. */
  filter(thresholds: EverythingThresholds): void;
  /** Accept masks as objects; null means all that stay. */
  keep(rows: readonly number[] | null, label: string): void;
  /** Fetch what an earlier run found, if there was one. */
  list(): void;
}
