// Writing annotations to files: the page says what and in which format, Python says where.

import { batch } from "@preact/signals-core";
import type { ExportFormat, ExportScope } from "../state/export/exporting";
import { RequestFailed } from "../wire/request-failed";
import type { ViewContext } from "./context";

export interface FormatEntry {
  readonly format: ExportFormat;
  readonly name: string;
  /** What it is for and what it keeps, in a few words. */
  readonly about: string;
}

export const FORMATS: readonly FormatEntry[] = [
  { format: "coco", name: "COCO", about: "Exact masks, and nothing is lost" },
  { format: "labelme", name: "Labelme", about: "Polygons to be edited in Labelme" },
  { format: "yolo", name: "YOLO", about: "Outlines and classes, for training" },
  { format: "png", name: "PNG masks", about: "Numbered pixels, a table of classes" },
  { format: "sa1b", name: "SA-1B", about: "Masks and scores, without labels" },
  { format: "csv", name: "CSV table", about: "One row for each object" },
];

export async function exportAs(
  { store, actions }: ViewContext,
  format: ExportFormat,
  scope: ExportScope,
): Promise<void> {
  const { menuOpen, busy, result } = store.exporting;
  if (busy.value) return;
  batch(() => {
    menuOpen.value = false;
    busy.value = true;
    result.value = null;
  });
  try {
    const { path, images, objects, note } = await actions.export(format, scope);
    result.value = { kind: "done", path, images, objects, note };
  } catch (error) {
    if (!(error instanceof RequestFailed)) throw error;
    const { message, hint } = error.problem;
    result.value = { kind: "failed", text: message, hint };
  } finally {
    busy.value = false;
  }
}
