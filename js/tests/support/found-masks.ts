// What everything mode finds, as messages.

import type { EverythingState } from "../../src/protocol";

export const THRESHOLDS = {
  pred_iou_thresh: 0.5,
  stability_score_thresh: 0.5,
  box_nms_thresh: 0.7,
  crop_nms_thresh: 0.7,
  min_mask_region_area: 0,
};

export const bytes = (values: ArrayLike<number>): DataView =>
  new DataView(Uint8Array.from(values).buffer);
export const words = (values: number[]): DataView => new DataView(Uint32Array.from(values).buffer);
export const text = (value: string): DataView =>
  new DataView(new TextEncoder().encode(value).buffer);

/** Masks of 4 x 2 pixels: each covers columns from 0 to before its number. */
export const CODES: Record<number, string> = { 1: "026", 2: "044", 4: "08" };

export function found(columns: number[], first = 0, run = 1) {
  const codes = columns.map((column) => CODES[column] ?? "08");
  let end = 0;
  const ends = codes.map((code) => {
    end += code.length;
    return end;
  });
  const numbers = columns.flatMap((column) => [
    0.5 + column / 10,
    0.9,
    2 * column,
    0,
    0,
    column,
    2,
    0,
    0,
  ]);
  const message = { type: "everything", run, first, count: columns.length, width: 4, height: 2 };
  const buffers = [
    new DataView(Float32Array.from(numbers).buffer),
    words(ends),
    text(codes.join("")),
  ];
  return { message: message as { type: "everything" } & typeof message, buffers };
}

export function state(candidates: number, change: Partial<EverythingState> = {}): EverythingState {
  return {
    type: "everything_state",
    run: 1,
    stage: "decoding",
    share: 0.5,
    seconds_left: 3,
    problem: null,
    kept: candidates,
    candidates,
    removed: { stability: 2 },
    thresholds: THRESHOLDS,
    ...change,
  } as EverythingState;
}
