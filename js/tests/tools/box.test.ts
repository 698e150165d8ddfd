import { describe, expect, it } from "vitest";
import { TOOLS } from "../../src/tools/toolbox";
import { hand } from "../support/hand";

const { box } = TOOLS;

const BOX = { x0: 50, y0: 20, x1: 150, y1: 80 };

describe("the box tool", () => {
  it("draws boxes, and clicks leave no point", () => {
    const { drag, click, calls } = hand();
    click(box, [100, 50]);
    click(box, [100, 50], true);
    drag(box, [100, 40], [300, 160]);
    expect(calls).toEqual([["setBox", BOX]]);
  });
});
