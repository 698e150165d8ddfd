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

export interface Interaction {
  readonly draft: Signal<Draft | null>;
  readonly stroke: Signal<Stroke | null>;
  /** Vertices of the polygon under way, x, y, x, y ... in image pixels; empty without one. */
  readonly polygon: Signal<readonly number[]>;
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
    crosshair: signal<Point | null>(null),
    anchor: signal<Point | null>(null),
    picking: signal(false),
    panning: signal(false),
    cancelDrag: () => false,
  };
}
