// Written by `make protocol` from sam_widget/widget/wire/table.py. Change that, not this.

/** A box, corners in pixels of the original image, x0 < x1 and y0 < y1. */
export interface WireBox {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** What may be changed of an annotation; absent properties stay. */
export interface AnnotationChange {
  label?: string;
  color?: string;
  visible?: boolean;
}

/** What may be said of a label; absent properties stay. */
export interface LabelChange {
  color?: string;
}

/** What can be changed after the model has answered. */
export interface EverythingThresholds {
  pred_iou_thresh: number;
  stability_score_thresh: number;
  box_nms_thresh: number;
  crop_nms_thresh: number;
  min_mask_region_area: number;
}

/** What a person did; each is a method of Python's session. */
export type Gesture =
  | { type: "add_point"; x: number; y: number; positive: boolean }
  | { type: "move_point"; index: number; x: number; y: number }
  | { type: "remove_point"; index: number }
  | ({ type: "set_box" } & WireBox)
  | { type: "remove_box" }
  | { type: "remove_mask" }
  | { type: "set_mask_from"; annotation_id: string }
  | { type: "set_multimask"; value: boolean | null }
  | { type: "choose"; index: number; revision: number | null }
  | { type: "clear" }
  | { type: "undo" }
  | { type: "redo" }
  | {
      type: "brush";
      points: Float32Array<ArrayBuffer>;
      radius: number;
      annotation_id: string | null;
    }
  | {
      type: "erase";
      points: Float32Array<ArrayBuffer>;
      radius: number;
      annotation_id: string | null;
    }
  | { type: "add_polygon"; points: Float32Array<ArrayBuffer>; annotation_id: string | null }
  | { type: "subtract_polygon"; points: Float32Array<ArrayBuffer>; annotation_id: string | null }
  | { type: "fill_holes"; max_area: number | null; annotation_id: string | null }
  | { type: "drop_islands"; min_area: number; annotation_id: string | null }
  | { type: "smooth"; radius: number; annotation_id: string | null }
  | { type: "split"; annotation_id: string; points?: Float32Array<ArrayBuffer> }
  | { type: "merge"; ids: readonly string[]; label: string | null }
  | { type: "accept"; label: string | null }
  | ({ type: "update_annotation"; annotation_id: string } & AnnotationChange)
  | { type: "remove_annotation"; annotation_id: string }
  | { type: "duplicate_annotation"; annotation_id: string }
  | { type: "reopen"; annotation_id: string }
  | ({ type: "update_annotations"; ids: readonly string[] } & AnnotationChange)
  | { type: "remove_annotations"; ids: readonly string[] }
  | { type: "show_only"; ids: readonly string[] }
  | ({ type: "add_label"; label: string } & LabelChange)
  | { type: "rename_label"; label: string; to: string }
  | { type: "recolor_label"; label: string; color: string }
  | { type: "remove_label"; label: string };

/** Questions that change nothing. */
export type Query =
  /** The best mask for a lone point. */
  | { type: "preview"; x: number; y: number }
  /** The sizes of islands and holes of a mask. */
  | { type: "islands"; annotation_id: string | null }
  /** A sharp part of the image. */
  | { type: "tile"; level: number; column: number; row: number; image_id: string }
  /** Annotations from index `start` on; the reply's `next` says where to go on. */
  | { type: "annotations"; start: number }
  /** Nothing: how long an answer takes. */
  | { type: "ping" }
  /** A small picture of an image of the series. */
  | { type: "thumbnail"; index: number }
  /** The annotations as files beside the photos; the reply's `path` says where. */
  | {
      type: "export";
      format: "coco" | "sa1b" | "labelme" | "csv" | "png" | "yolo";
      scope: "image" | "series";
    }
  /** How many annotations the series has by label, and which images none. */
  | { type: "summary" };

/** What is done to the series; answered when it is done. */
export type Navigation =
  /** Open an image of the series. */
  | { type: "go_to"; index: number }
  /** Mark an image of the series. */
  | { type: "mark"; index: number; status: string };

/** Everything mode. */
export type EverythingRequest =
  /** Find all masks, in a box x0, y0, x1, y1 or (null) everywhere. */
  | {
      type: "everything_run";
      points_per_side: number;
      crop_n_layers: number;
      region: readonly [number, number, number, number] | null;
    }
  /** End the run after the present batch. */
  | { type: "everything_cancel" }
  /** Change thresholds. */
  | ({ type: "everything_filter" } & EverythingThresholds)
  /** Accept masks by their rows; null means all that stay. */
  | { type: "everything_keep"; rows: readonly number[] | null; label: string | null }
  /** Masks from row `start` on. */
  | { type: "everything_list"; start: number };

/** What every message has: `version` is the document's on screen when it was sent. */
export interface Envelope {
  id: string;
  version: number;
  push?: boolean;
}

export type Request = (Gesture | Query | Navigation | EverythingRequest) & Envelope;

/** What a person did, each as one gesture. Points are x, y, x, y ... in image pixels. */
export interface GestureActions {
  /** Include (or exclude) what is at (x, y). */
  addPoint(x: number, y: number, positive: boolean): void;
  /** Move a point. */
  movePoint(index: number, x: number, y: number): void;
  /** Remove a point. */
  removePoint(index: number): void;
  /** Set the box. */
  setBox(box: WireBox): void;
  /** Remove the box. */
  removeBox(): void;
  /** Remove the mask prompt. */
  removeMask(): void;
  /** Prompt with the mask of an annotation. */
  setMaskFrom(annotationId: string): void;
  /** Force three candidates (true) or one (false); null goes by the number of prompts. */
  setMultimask(value: boolean | null): void;
  /** Choose a candidate. */
  choose(index: number): void;
  /** Remove all prompts, and what was drawn. */
  clear(): void;
  /** Step back. */
  undo(): void;
  /** Step forward again. */
  redo(): void;
  /** Add what a round brush covers along points. */
  brush(points: readonly number[], radius: number, annotationId: string | null): void;
  /** Take away what a round eraser covers along points. */
  erase(points: readonly number[], radius: number, annotationId: string | null): void;
  /** Add the inside of a polygon. */
  addPolygon(points: readonly number[], annotationId: string | null): void;
  /** Take away the inside of a polygon. */
  subtractPolygon(points: readonly number[], annotationId: string | null): void;
  /** Fill the holes of at most this many pixels; null fills all. */
  fillHoles(maxArea: number | null, annotationId: string | null): void;
  /** Drop islands of fewer pixels; the largest stays. */
  dropIslands(minArea: number, annotationId: string | null): void;
  /** Smooth the border. */
  smooth(radius: number, annotationId: string | null): void;
  /** Split an annotation by islands, or in two along a line. */
  split(annotationId: string, line: readonly number[] | null): void;
  /** Merge annotations into one. */
  merge(ids: readonly string[], label: string | null): void;
  /** Keep the chosen candidate as an annotation. */
  accept(label: string | null): void;
  /** Rename, recolour, hide or show an annotation. */
  updateAnnotation(annotationId: string, change?: AnnotationChange): void;
  /** Delete an annotation. */
  removeAnnotation(annotationId: string): void;
  /** Copy an annotation, right after it. */
  duplicateAnnotation(annotationId: string): void;
  /** Bring back an annotation's prompts; accepting replaces it. */
  reopen(annotationId: string): void;
  /** Rename, recolour, hide or show annotations, as one step of undo. */
  updateAnnotations(ids: readonly string[], change?: AnnotationChange): void;
  /** Delete annotations, as one step of undo. */
  removeAnnotations(ids: readonly string[]): void;
  /** Show these annotations and hide all others. */
  showOnly(ids: readonly string[]): void;
  /** Offer a label. */
  addLabel(label: string, change?: LabelChange): void;
  /** Rename a label, and all annotations under it. */
  renameLabel(label: string, to: string): void;
  /** Give a label and all annotations under it another colour. */
  recolorLabel(label: string, color: string): void;
  /** Offer a label no longer. */
  removeLabel(label: string): void;
}

/** `revision` is that of the answer on screen; null while another one is awaited. */
export function gestureActions(
  send: (gesture: Gesture) => void,
  revision: () => number | null,
): GestureActions {
  return {
    addPoint: (x, y, positive) => send({ type: "add_point", x, y, positive }),
    movePoint: (index, x, y) => send({ type: "move_point", index, x, y }),
    removePoint: (index) => send({ type: "remove_point", index }),
    setBox: (box) => send({ type: "set_box", ...box }),
    removeBox: () => send({ type: "remove_box" }),
    removeMask: () => send({ type: "remove_mask" }),
    setMaskFrom: (annotationId) => send({ type: "set_mask_from", annotation_id: annotationId }),
    setMultimask: (value) => send({ type: "set_multimask", value }),
    choose: (index) => send({ type: "choose", index, revision: revision() }),
    clear: () => send({ type: "clear" }),
    undo: () => send({ type: "undo" }),
    redo: () => send({ type: "redo" }),
    brush: (points, radius, annotationId) =>
      send({ type: "brush", ...packed(points), radius, annotation_id: annotationId }),
    erase: (points, radius, annotationId) =>
      send({ type: "erase", ...packed(points), radius, annotation_id: annotationId }),
    addPolygon: (points, annotationId) =>
      send({ type: "add_polygon", ...packed(points), annotation_id: annotationId }),
    subtractPolygon: (points, annotationId) =>
      send({ type: "subtract_polygon", ...packed(points), annotation_id: annotationId }),
    fillHoles: (maxArea, annotationId) =>
      send({ type: "fill_holes", max_area: maxArea, annotation_id: annotationId }),
    dropIslands: (minArea, annotationId) =>
      send({ type: "drop_islands", min_area: minArea, annotation_id: annotationId }),
    smooth: (radius, annotationId) => send({ type: "smooth", radius, annotation_id: annotationId }),
    split: (annotationId, line) =>
      send({ type: "split", annotation_id: annotationId, ...(line && packed(line)) }),
    merge: (ids, label) => send({ type: "merge", ids, label }),
    accept: (label) => send({ type: "accept", label }),
    updateAnnotation: (annotationId, change) =>
      send({ type: "update_annotation", annotation_id: annotationId, ...change }),
    removeAnnotation: (annotationId) =>
      send({ type: "remove_annotation", annotation_id: annotationId }),
    duplicateAnnotation: (annotationId) =>
      send({ type: "duplicate_annotation", annotation_id: annotationId }),
    reopen: (annotationId) => send({ type: "reopen", annotation_id: annotationId }),
    updateAnnotations: (ids, change) => send({ type: "update_annotations", ids, ...change }),
    removeAnnotations: (ids) => send({ type: "remove_annotations", ids }),
    showOnly: (ids) => send({ type: "show_only", ids }),
    addLabel: (label, change) => send({ type: "add_label", label, ...change }),
    renameLabel: (label, to) => send({ type: "rename_label", label, to }),
    recolorLabel: (label, color) => send({ type: "recolor_label", label, color }),
    removeLabel: (label) => send({ type: "remove_label", label }),
  };
}

/** Points beside a message; every machine with a browser is little-endian, as the wire is. */
function packed(points: readonly number[]) {
  return { points: Float32Array.from(points) };
}
