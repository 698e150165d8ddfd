import { describe, expect, it } from "vitest";
import { TOOLS } from "../../src/tools/toolbox";
import { hand } from "../support/hand";
import { boxObject } from "../support/values";

const { select } = TOOLS;

function withTwo() {
  const made = hand({ points: [{ x: 30, y: 30, positive: true }] });
  made.store.confirmedAnnotations.value = [
    boxObject("a", { x0: 0, y0: 0, x1: 80, y1: 100 }),
    boxObject("b", { x0: 100, y0: 0, x1: 180, y1: 100 }),
  ];
  const selected = () => [...made.store.selectedIds.value].sort();
  return { ...made, selected };
}

describe("the select tool", () => {
  it("selects by a click, adds by the right button, and lets go beside all", () => {
    const { click, selected, calls } = withTwo();
    click(select, [60, 60]);
    expect(selected()).toEqual(["a"]);
    click(select, [240, 60], true);
    expect(selected()).toEqual(["a", "b"]);
    click(select, [240, 60]);
    expect(selected()).toEqual(["b"]);
    click(select, [390, 60]);
    expect(selected()).toEqual([]);
    // Prompts beneath are neither moved nor made.
    expect(calls).toEqual([]);
  });

  it("takes a drag for no click", () => {
    const { drag, selected } = withTwo();
    drag(select, [60, 60], [200, 60]);
    expect(selected()).toEqual([]);
  });
});
