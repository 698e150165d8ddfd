import { describe, expect, it } from "vitest";
import { countByLabel, matching } from "../../src/state/annotations";
import { annotation } from "../support/values";

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
