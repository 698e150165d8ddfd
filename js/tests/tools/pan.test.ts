import { describe, expect, it } from "vitest";
import { TOOLS } from "../../src/tools/toolbox";
import { hand } from "../support/hand";

const { pan } = TOOLS;

describe("the pan tool", () => {
  it("moves a zoomed image with the pointer", () => {
    const { drag, store, calls } = hand();
    store.view.value = { zoom: 2, x: 0.5, y: 0.5 };
    drag(pan, [200, 100], [210, 100], [240, 80]);
    expect(store.view.value.x).toBeCloseTo(0.45);
    expect(store.view.value.y).toBeCloseTo(0.55);
    expect(calls).toEqual([]);
  });

  it("puts it back when given up", () => {
    const { press, at, store } = hand();
    const before = { zoom: 2, x: 0.5, y: 0.5 };
    store.view.value = before;
    const drag = press(pan, [200, 100]);
    drag.move(at([260, 100]));
    drag.cancel();
    expect(store.view.value).toEqual(before);
  });
});
