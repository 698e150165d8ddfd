import { describe, expect, it } from "vitest";
import type { EverythingState } from "../../src/protocol";
import { createEverything, masksAt } from "../../src/state/everything";

import { takeCleaned, takeFound, takeState } from "../../src/wire/everything-messages";

import { IMAGE } from "../support/scene";

const THRESHOLDS = {
  pred_iou_thresh: 0.5,
  stability_score_thresh: 0.5,
  box_nms_thresh: 0.7,
  crop_nms_thresh: 0.7,
  min_mask_region_area: 0,
};

const bytes = (values: ArrayLike<number>): DataView => new DataView(Uint8Array.from(values).buffer);
const words = (values: number[]): DataView => new DataView(Uint32Array.from(values).buffer);
const text = (value: string): DataView => new DataView(new TextEncoder().encode(value).buffer);

/** Masks of 4 x 2 pixels: each covers columns from 0 to before its number. */
const CODES: Record<number, string> = { 1: "026", 2: "044", 4: "08" };

function found(columns: number[], first = 0, run = 1) {
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

function state(candidates: number, change: Partial<EverythingState> = {}): EverythingState {
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

function mode() {
  const made = createEverything();
  const { message, buffers } = found([1, 4, 2]);
  takeState(made, state(0), []);
  takeFound(made, message, buffers);
  takeState(made, state(3), [bytes([0b111])]);
  return made;
}

describe("what comes from Python", () => {
  it("opens, and lists the largest mask that stays first", () => {
    const made = mode();
    expect(made.open.value).toBe(true);
    expect(made.kept.value).toEqual([1, 2, 0]);
    expect(made.masks.value.map(({ area }) => area)).toEqual([2, 8, 4]);
    expect(made.removed.value).toEqual({ stability: 2 });
    takeState(made, state(3, { stage: "finished" }), [bytes([0b101])]);
    expect(made.kept.value).toEqual([2, 0]);
    expect(made.busy.value).toBe(false);
  });

  it("notices that candidates are missing", () => {
    const made = mode();
    const later = found([2], 5);
    expect(takeFound(made, later.message, later.buffers)).toBe(false);
    expect(takeState(made, state(9), [bytes([255, 1])])).toBe(false);
    const next = found([2], 3);
    expect(takeFound(made, next.message, next.buffers)).toBe(true);
    expect(made.masks.value).toHaveLength(4);
  });

  it("forgets another run, and what was selected in it", () => {
    const made = mode();
    made.selected.value = new Set([1]);
    takeState(made, state(0, { run: 2, stage: "waiting" }), []);
    expect(made.masks.value).toEqual([]);
    expect(made.selected.value.size).toBe(0);
    takeState(made, { type: "everything_state", run: 0, stage: "none" }, []);
    expect(made.stage.value).toBe("none");
  });

  it("unselects what no longer stays", () => {
    const made = mode();
    made.selected.value = new Set([0, 1]);
    takeState(made, state(3), [bytes([0b010])]);
    expect([...made.selected.value]).toEqual([1]);
  });

  it("shows clean masks only under their own threshold", () => {
    const made = mode();
    const at = { x: 190, y: 50 };
    expect(masksAt(made, IMAGE, at)).toEqual([]);
    const boxed = made.masks.value.map((mask) => ({ ...mask, bbox: [0, 0, 200, 100] as const }));
    made.masks.value = boxed;
    expect(masksAt(made, IMAGE, at)).toEqual([1]);
    const message = {
      type: "everything_cleaned",
      run: 1,
      min_mask_region_area: 50,
      count: 1,
    } as const;
    takeCleaned(made, message, [words([0]), words([2]), text("08")]);
    expect(masksAt(made, IMAGE, at)).toEqual([1]);
    made.thresholds.value = { ...THRESHOLDS, min_mask_region_area: 50 };
    expect(masksAt(made, IMAGE, at)).toEqual([0, 1]);
  });
});
