import { describe, expect, it } from "vitest";
import type { EverythingState } from "../../src/protocol";

import { everythingTool } from "../../src/tools/everything";
import { takeFound, takeState } from "../../src/wire/everything-messages";

import { createScene } from "../support/scene";

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

describe("the tool", () => {
  const sample = (x: number, y: number, change = {}) => ({
    image: { x: x / 2, y: y / 2 },
    stage: { x, y },
    kind: "mouse" as const,
    exclude: false,
    travelled: false,
    ...change,
  });

  function scene() {
    const made = createScene();
    const { message, buffers } = found([1, 4, 2]);
    const { everything } = made.store;
    takeState(everything, state(0), []);
    takeFound(everything, message, buffers);
    takeState(everything, state(3), [bytes([0b111])]);
    everything.masks.value = everything.masks.value.map((mask) => ({
      ...mask,
      bbox: [0, 0, 200, 100] as const,
    }));
    const transform = () => ({ a: 2, d: 2, e: 0, f: 0 });
    const context = { ...made, transform, hit: () => null };
    const click = (x: number, y: number, change = {}) =>
      everythingTool.down(sample(x, y, change), context).up(sample(x, y, change));
    return { everything, context, click };
  }

  it("selects the smallest mask under it, and then the ones beneath, in turn", () => {
    const { everything, click } = scene();
    const seen: number[][] = [];
    for (let times = 0; times < 4; times++) {
      click(20, 40);
      seen.push([...everything.selected.value]);
    }
    expect(seen).toEqual([[0], [2], [1], [0]]);
    click(380, 40);
    expect([...everything.selected.value]).toEqual([1]);
  });

  it("adds and removes by the right button, and selects nothing where there is nothing", () => {
    const { everything, click } = scene();
    click(20, 40);
    click(380, 40, { exclude: true });
    expect([...everything.selected.value]).toEqual([0, 1]);
    click(380, 40, { exclude: true });
    expect([...everything.selected.value]).toEqual([0]);
    everything.kept.value = [];
    click(300, 40);
    expect(everything.selected.value.size).toBe(0);
  });

  it("draws the region of the next run", () => {
    const { everything, context } = scene();
    const drag = everythingTool.down(sample(20, 20), context);
    drag.move(sample(100, 80, { travelled: true }));
    drag.up(sample(120, 100, { travelled: true }));
    expect(everything.region.value).toEqual({ x0: 10, y0: 10, x1: 60, y1: 50 });
    expect(everything.selected.value.size).toBe(0);
  });
});
