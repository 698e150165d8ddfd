// What a gesture under way looks like before it is anything to the kernel: pointer and keyboard
// write it, the marks layer draws it. One per mounted stage, never in the store.

import { type Signal, signal } from "@preact/signals-core";
import type { Box, Point } from "../geometry/viewport";

/** A gesture under way, in image pixels. */
export type Draft =
  | { kind: "point"; index: number; x: number; y: number }
  | { kind: "box"; box: Box };

/** A stroke or a cut under way: x, y, x, y ... in image pixels. */
export interface Stroke {
  readonly kind: "brush" | "erase" | "cut";
  readonly points: readonly number[];
  /** Image pixels. */
  readonly radius: number;
}

/** A polygon that is closed and not applied yet: its corners may still be moved. */
export interface ClosedPolygon {
  /** It does the opposite of what is set: it was closed with Alt or the right button. */
  readonly alternate: boolean;
  /** The corner that Delete and the keys are for. */
  readonly corner: number | null;
  /** It replaces the edit that it was before, as long as that is the latest one. */
  readonly reopened: boolean;
}

/** A polygon that became an edit. */
export interface AppliedPolygon {
  readonly points: readonly number[];
  readonly subtracts: boolean;
  /** Of the annotation; null for the mask on screen. */
  readonly target: string | null;
  /** Where the history stood before. */
  readonly cursor: number;
  /** Of the document, once the edit is in it; another one means that it is not the latest any more. */
  readonly version: number | null;
}

export interface Interaction {
  readonly draft: Signal<Draft | null>;
  readonly stroke: Signal<Stroke | null>;
  /** Vertices of the polygon under way, x, y, x, y ... in image pixels; empty without one. */
  readonly polygon: Signal<readonly number[]>;
  /** Set while that polygon is closed. */
  readonly closed: Signal<ClosedPolygon | null>;
  /** The polygon that was applied last, while it is the latest edit. */
  readonly applied: Signal<AppliedPolygon | null>;
  /** Where keyboard prompts go; null while the pointer leads. */
  readonly crosshair: Signal<Point | null>;
  /** First corner of a box drawn by keyboard; the crosshair is the second. */
  readonly anchor: Signal<Point | null>;
  /** A click selects objects, whatever the tool: Control, or Command on Apple's keyboards, is down. */
  readonly picking: Signal<boolean>;
  /** The space bar is down: drags pan. */
  readonly panning: Signal<boolean>;
  /** Set by input/pointer.ts: gives up the drag under way; false if there is none. */
  cancelDrag: () => boolean;
}

export function createInteraction(): Interaction {
  return {
    draft: signal<Draft | null>(null),
    stroke: signal<Stroke | null>(null),
    polygon: signal<readonly number[]>([]),
    closed: signal<ClosedPolygon | null>(null),
    applied: signal<AppliedPolygon | null>(null),
    crosshair: signal<Point | null>(null),
    anchor: signal<Point | null>(null),
    picking: signal(false),
    panning: signal(false),
    cancelDrag: () => false,
  };
}
