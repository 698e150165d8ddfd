import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { movedBox, resizedBox } from "../../src/geometry/boxes";
import type { WirePrompts } from "../../src/protocol";
import { shownPrompts } from "../../src/state/optimistic";
import { TOOLS } from "../../src/tools/toolbox";
import { hand } from "../support/hand";
import { IMAGE } from "../support/scene";

const BOX = { x0: 50, y0: 20, x1: 150, y1: 80 };
const { point, box, pan } = TOOLS;

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

describe("the box tool", () => {
  it("draws boxes, and clicks leave no point", () => {
    const { drag, click, calls } = hand();
    click(box, [100, 50]);
    click(box, [100, 50], true);
    drag(box, [100, 40], [300, 160]);
    expect(calls).toEqual([["setBox", BOX]]);
  });
});

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

describe("adjusted boxes", () => {
  const delta = fc.record({
    x: fc.double({ min: -400, max: 400, noNaN: true }),
    y: fc.double({ min: -400, max: 400, noNaN: true }),
  });
  const side = fc.constantFrom(-1, 0, 1) as fc.Arbitrary<-1 | 0 | 1>;

  it("stay in the image and in order", () => {
    fc.assert(
      fc.property(delta, side, side, (by, x, y) => {
        const result =
          x === 0 && y === 0 ? movedBox(BOX, by, IMAGE) : resizedBox(BOX, { x, y }, by, IMAGE);
        expect(result.x0).toBeGreaterThanOrEqual(0);
        expect(result.y0).toBeGreaterThanOrEqual(0);
        expect(result.x1).toBeLessThanOrEqual(IMAGE.width);
        expect(result.y1).toBeLessThanOrEqual(IMAGE.height);
        expect(result.x0).toBeLessThanOrEqual(result.x1);
        expect(result.y0).toBeLessThanOrEqual(result.y1);
      }),
    );
  });
});

describe("shownPrompts", () => {
  const points = [
    { x: 1, y: 1, positive: true },
    { x: 2, y: 2, positive: false },
  ];
  const prompts: WirePrompts = { points, box: BOX, has_mask: false };

  it("marks what Python has not confirmed", () => {
    const shown = shownPrompts(prompts, [{ type: "add_point", x: 3, y: 3, positive: true }]);
    expect(shown.points.map(({ provisional }) => provisional)).toEqual([false, false, true]);
  });

  it("applies gestures in order", () => {
    const shown = shownPrompts(prompts, [
      { type: "remove_point", index: 0 },
      { type: "move_point", index: 0, x: 9, y: 8 },
      { type: "remove_box" },
    ]);
    expect(shown).toEqual({
      points: [{ x: 9, y: 8, positive: false, provisional: true }],
      box: null,
    });
  });

  it("starts again after clear, and does not foresee undo", () => {
    const { points: after } = shownPrompts(prompts, [
      { type: "clear" },
      { type: "add_point", x: 3, y: 3, positive: true },
      { type: "undo" },
    ]);
    expect(after).toHaveLength(1);
  });

  it("shows the drag under way over all that", () => {
    const shown = shownPrompts(prompts, [], { kind: "point", index: 1, x: 7, y: 7 });
    expect(shown.points[1]).toEqual({ x: 7, y: 7, positive: false, provisional: true });
  });
});
