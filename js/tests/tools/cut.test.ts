import { describe, expect, it } from "vitest";
import { TOOLS } from "../../src/tools/toolbox";
import { hand } from "../support/hand";
import { selectAnnotations } from "../support/values";

const { cut } = TOOLS;

const POINT = { points: [{ x: 50, y: 25, positive: true }] };

describe("the knife", () => {
  it("cuts the selected object along the line", () => {
    const { drag, click, calls, store } = hand(POINT);
    selectAnnotations(store, "b");
    click(cut, [100, 50]);
    drag(cut, [100, 0], [100, 50], [100, 198]);
    expect(calls).toEqual([["split", "b", [50, 0, 50, 99]]]);
  });

  it("leaves the mask on screen alone", () => {
    const { drag, calls, store } = hand(POINT);
    drag(cut, [100, 0], [100, 198]);
    expect(calls).toEqual([]);
    expect(store.notice.value?.text).toBe("Only accepted objects can be cut.");
  });
});
