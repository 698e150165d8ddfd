import { describe, expect, it } from "vitest";
import { everythingTool } from "../../src/tools/everything";
import { takeFound, takeState } from "../../src/wire/everything-messages";
import { bytes, found, state } from "../support/found-masks";
import { createScene } from "../support/scene";

describe("the tool", () => {
  const sample = (x: number, y: number, change = {}) => ({
    image: { x: x / 2, y: y / 2 },
    stage: { x, y },
    kind: "mouse" as const,
    exclude: false,
    adds: false,
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
