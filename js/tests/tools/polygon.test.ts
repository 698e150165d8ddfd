import { describe, expect, it } from "vitest";
import { TOOLS } from "../../src/tools/toolbox";
import { hand } from "../support/hand";
import { selectAnnotations } from "../support/values";

const { polygon } = TOOLS;

const POINT = { points: [{ x: 50, y: 25, positive: true }] };

describe("the polygon", () => {
  const corners = [
    [20, 20],
    [100, 20],
    [100, 80],
  ] as const;
  const VERTICES = [10, 10, 50, 10, 50, 40];

  it("is closed by a click on its first corner", () => {
    const { click, calls, interaction } = hand(POINT);
    for (const corner of corners) click(polygon, corner);
    expect(interaction.polygon.value).toEqual(VERTICES);
    expect(calls).toEqual([]);
    click(polygon, [22, 23]);
    expect(calls).toEqual([["addPolygon", VERTICES, null]]);
    expect(interaction.polygon.value).toEqual([]);
  });

  it("is closed by a second click on its last corner, and needs three", () => {
    const { click, calls, store } = hand(POINT);
    click(polygon, corners[0]);
    click(polygon, corners[0]);
    for (const corner of corners.slice(1)) click(polygon, corner);
    store.subtracting.value = true;
    click(polygon, corners[2]);
    expect(calls).toEqual([["subtractPolygon", VERTICES, null]]);
  });

  it("does the opposite with Alt", () => {
    const { click, calls } = hand(POINT);
    for (const corner of corners) click(polygon, corner);
    click(polygon, corners[0], true);
    expect(calls).toEqual([["subtractPolygon", VERTICES, null]]);
  });

  it("is not begun while several objects are selected", () => {
    const { click, interaction, store } = hand();
    selectAnnotations(store, "a", "b");
    click(polygon, corners[0]);
    expect(interaction.polygon.value).toEqual([]);
    expect(store.notice.value?.kind).toBe("error");
  });
});
