import { describe, expect, it } from "vitest";
import { TOOLS } from "../../src/tools/toolbox";
import { hand } from "../support/hand";

const { pan } = TOOLS;

describe("the pan tool", () => {
  it("moves a zoomed image with the pointer", () => {
    const { drag, store, calls } = hand();
    store.view.value = { zoom: 2, left: 0.25, top: 0.25 };
    drag(pan, [200, 100], [210, 100], [240, 80]);
    expect(store.view.value.left).toBeCloseTo(0.2);
    expect(store.view.value.top).toBeCloseTo(0.3);
    expect(calls).toEqual([]);
  });

  it("puts it back when given up", () => {
    const { press, at, store } = hand();
    const before = { zoom: 2, left: 0.25, top: 0.25 };
    store.view.value = before;
    const drag = press(pan, [200, 100]);
    drag.move(at([260, 100]));
    drag.cancel();
    expect(store.view.value).toEqual(before);
  });
});
