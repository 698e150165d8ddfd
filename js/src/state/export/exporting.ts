// The export menu of one view, and what came of the last export.

import { type Signal, signal } from "@preact/signals-core";
import type { Exported } from "../../protocol";
import type { Query } from "../../protocol.generated";

type Export = Extract<Query, { type: "export" }>;
export type ExportFormat = Export["format"];
export type ExportScope = Export["scope"];

export type ExportResult =
  | ({ readonly kind: "done" } & Exported)
  | { readonly kind: "failed"; readonly text: string; readonly hint: string };

export interface Exporting {
  readonly menuOpen: Signal<boolean>;
  /** What the menu is about: the image on screen, or its series. */
  readonly scope: Signal<ExportScope>;
  /** A file is being written. */
  readonly busy: Signal<boolean>;
  readonly result: Signal<ExportResult | null>;
}

export function createExporting(): Exporting {
  return {
    menuOpen: signal(false),
    scope: signal<ExportScope>("image"),
    busy: signal(false),
    result: signal<ExportResult | null>(null),
  };
}
