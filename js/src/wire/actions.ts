// What a view can ask of the kernel. Coordinates are pixels of the original image.

import type { Exported, ImageStatus, SeriesSummary, WireIslands } from "../protocol";
import type { EverythingThresholds, GestureActions, WireBox } from "../protocol.generated";
import type { ExportFormat, ExportScope } from "../state/export/exporting";

/** What tools and panels can ask for; connection.ts implements it. */
export interface Actions extends GestureActions {
  islands(annotationId: string | null): Promise<WireIslands>;
  /** Latest wins, one in flight; null withdraws what was asked and hides what is shown. */
  preview(point: { x: number; y: number } | null): void;
  /** Opens another image of the series; the newest wish counts. */
  goTo(index: number): void;
  mark(index: number, status: ImageStatus): void;
  /** A small picture of an image of the series, and its name. */
  thumbnail(index: number): Promise<{ picture: Blob; name: string }>;
  /** Writes annotations to files; where, Python says. Rejects with RequestFailed. */
  export(format: ExportFormat, scope: ExportScope): Promise<Exported>;
  /** What has been made in the series. */
  summary(): Promise<SeriesSummary>;
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
  /** Accept masks as annotations; null means all that stay. */
  keep(rows: readonly number[] | null, label: string): void;
  /** Fetch what an earlier run found, if there was one. */
  list(): void;
}
