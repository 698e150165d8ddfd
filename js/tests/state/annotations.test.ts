import { describe, expect, it } from "vitest";
import { annotationsAt, countByLabel, matching } from "../../src/state/annotations";
import { annotation, boxObject } from "../support/values";

describe("filters", () => {
  const annotations = ["Cup", "cupboard", "spoon", ""].map((label, at) =>
    annotation(`${at}`, { label }),
  );

  it.each([
    ["", null, "0123"],
    [" CUP ", null, "01"],
    ["", "Cup", "0"],
    ["", "", "3"],
    ["spo", "Cup", ""],
  ])("text %j of label %j", (text, label, expected) => {
    const found = matching(annotations, { text, label });
    expect(found.map(({ id }) => id).join("")).toBe(expected);
  });

  it("counts by label", () => {
    const counts = countByLabel([...annotations, annotation("x", { label: "" })]);
    expect([...counts]).toEqual([
      ["Cup", 1],
      ["cupboard", 1],
      ["spoon", 1],
      ["", 2],
    ]);
  });
});

describe("objects at a point", () => {
  const image = { width: 200, height: 100 };
  const at = (x: number, y: number, annotations = stack) =>
    annotationsAt(annotations, image, { x, y }).map(({ id }) => id);
  const stack = [
    boxObject("large", { x0: 0, y0: 0, x1: 200, y1: 100 }),
    boxObject("hidden", { x0: 0, y0: 0, x1: 200, y1: 100 }, { visible: false }),
    boxObject("small", { x0: 40, y0: 20, x1: 100, y1: 80 }),
  ];

  it("are those whose mask holds it, the topmost first", () => {
    expect(at(50, 50)).toEqual(["small", "large"]);
    expect(at(10, 50)).toEqual(["large"]);
    expect(at(110, 50)).toEqual(["large"]);
  });

  it("reach to the far border of the image", () => {
    expect(at(200, 100)).toEqual(["large"]);
    expect(at(0, 0)).toEqual(["large"]);
  });

  it("leave out a mask that cannot be read", () => {
    expect(at(5, 5, [...stack, annotation("broken")])).toEqual(["large"]);
  });
});
