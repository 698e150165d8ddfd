import { describe, expect, it } from "vitest";
import { TOOLS } from "../../src/tools/toolbox";
import { hand } from "../support/hand";

const { point } = TOOLS;

const BOX = { x0: 50, y0: 20, x1: 150, y1: 80 };

describe("the point tool", () => {
  it("adds an include point by a click, where the press was", () => {
    const { click, calls } = hand();
    click(point, [100, 50]);
    expect(calls).toEqual([["addPoint", 50, 25, true]]);
  });

  it("adds an exclude point if asked to, even if the hand slips", () => {
    const { click, excludeSlipping, calls } = hand();
    click(point, [100, 50], true);
    excludeSlipping(point, [100, 50], [160, 90]);
    expect(calls).toEqual([
      ["addPoint", 50, 25, false],
      ["addPoint", 50, 25, false],
    ]);
  });

  it("counts every one of many clicks on the same spot", () => {
    const { click, calls } = hand({ points: [{ x: 50, y: 25, positive: true }] });
    for (let index = 0; index < 20; index++) click(point, [100, 50]);
    expect(calls).toHaveLength(20);
  });

  it("draws a box by a drag, in whatever direction, and only once", () => {
    const { drag, calls, interaction } = hand();
    drag(point, [300, 160], [200, 100], [100, 40]);
    expect(calls).toEqual([["setBox", { x0: 50, y0: 20, x1: 150, y1: 80 }]]);
    expect(interaction.draft.value).toBeNull();
  });

  it("draws no box for a model that takes none: the press is a point", () => {
    const { drag, calls, interaction, store } = hand();
    store.model.value = { ...store.model.value, accepts: ["points"] };
    drag(point, [300, 160], [200, 100], [100, 40]);
    expect(calls).toEqual([["addPoint", 150, 80, true]]);
    expect(interaction.draft.value).toBeNull();
  });

  it("shows the box while it is drawn", () => {
    const { press, at, interaction } = hand();
    const drag = press(point, [100, 40]);
    drag.move(at([300, 160]));
    expect(interaction.draft.value).toEqual({ kind: "box", box: BOX });
    drag.cancel();
    expect(interaction.draft.value).toBeNull();
  });

  it("clips the box to the image", () => {
    const { drag, calls } = hand();
    drag(point, [100, 40], [900, -30]);
    expect(calls).toEqual([["setBox", { x0: 50, y0: 0, x1: 200, y1: 20 }]]);
  });

  it("ignores a drag too thin to be a box", () => {
    const { drag, calls } = hand();
    drag(point, [100, 40], [300, 42]);
    expect(calls).toEqual([]);
  });

  it("moves a point without a jump at the press", () => {
    const { drag, calls } = hand({ points: [{ x: 50, y: 25, positive: true }] });
    drag(point, [104, 52], [110, 60], [204, 72]);
    expect(calls).toEqual([["movePoint", 0, 100, 35]]);
  });

  it("moves the point on top", () => {
    const two = [
      { x: 50, y: 25, positive: true },
      { x: 51, y: 25, positive: false },
    ];
    const { press, at, interaction } = hand({ points: two });
    press(point, [101, 50]).move(at([111, 50]));
    expect(interaction.draft.value).toEqual({ kind: "point", index: 1, x: 56, y: 25 });
  });

  it.each([
    ["left side", [100, 70], [80, 70], { ...BOX, x0: 40 }],
    ["right side", [300, 70], [320, 90], { ...BOX, x1: 160 }],
    ["top side", [200, 40], [100, 20], { ...BOX, y0: 10 }],
    ["bottom right corner", [300, 160], [310, 180], { ...BOX, x1: 155, y1: 90 }],
    ["side dragged across the other", [100, 70], [340, 70], { ...BOX, x0: 150, x1: 170 }],
    ["rim within the border", [112, 70], [132, 70], { ...BOX, x0: 60, x1: 160 }],
    ["rim, stopped by the image", [112, 70], [12, 270], { x0: 0, y0: 40, x1: 100, y1: 100 }],
  ] as const)("adjusts a box: %s", (_, from, to, expected) => {
    const { drag, calls } = hand({ box: BOX });
    drag(point, from, to);
    expect(calls).toEqual([["setBox", expected]]);
  });

  it("draws another box, or adds a point, well inside a box", () => {
    const { drag, click, calls } = hand({ box: BOX });
    drag(point, [180, 80], [220, 120]);
    click(point, [200, 100]);
    click(point, [100, 70]);
    expect(calls).toEqual([
      ["setBox", { x0: 90, y0: 40, x1: 110, y1: 60 }],
      ["addPoint", 100, 50, true],
      ["addPoint", 50, 35, true],
    ]);
  });

  it("shows by the cursor what a drag would do", () => {
    expect(point.cursor(null)).toBe("crosshair");
    expect(point.cursor({ kind: "point", index: 0 })).toBe("pointer");
    expect(point.cursor({ kind: "box", handle: { x: 1, y: 1 } })).toBe("nwse-resize");
    expect(point.cursor({ kind: "box", handle: { x: 0, y: 0 } })).toBe("move");
  });
});
