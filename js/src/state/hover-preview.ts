// Hover previews: the mask under the pointer, and whether it is to be shown at all.

import type { AnswerState, Bytes, ModelInfo } from "../protocol";

/** Hover previews: whenever the model is fast enough, or as the person says. */
export type PreviewChoice = "auto" | "on" | "off";

/** A preview that takes longer does not follow the pointer but hops after it. */
export const SLOW_PREVIEW_MS = 200;

/** The hovered point's mask: never committed, never counted. */
export interface Preview {
  x: number;
  y: number;
  score: number;
  width: number;
  height: number;
  rle: Bytes;
  /** 1, 2, 3 ... per view; shown as data-preview-revision once painted. */
  revision: number;
}

/** What a click at (x, y) is known to give: the mask that was previewed there. */
export interface Foreseen {
  readonly x: number;
  readonly y: number;
  readonly answer: AnswerState;
}

/** Whether previews are too slow to follow the pointer. */
export function isSlowModel({ preview_ms, previews }: ModelInfo): boolean {
  return previews === false || (preview_ms ?? 0) > SLOW_PREVIEW_MS;
}
