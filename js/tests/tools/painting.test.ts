import { afterEach, describe, expect, it, vi } from "vitest";
import { mountPointer } from "../../src/input/pointer";
import { brushRadiusOf, setBrushRadius, stepBrushRadius } from "../../src/state/brush";
import { TOOLS } from "../../src/tools/toolbox";
import { hand } from "../support/hand";
import { createScene, IMAGE } from "../support/scene";
import { selectAnnotations } from "../support/values";

const { brush, eraser } = TOOLS;

const POINT = { points: [{ x: 50, y: 25, positive: true }] };

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

describe("the brush", () => {
  it("paints where the pointer went, in image pixels, and beyond the image", () => {
    const { drag, calls, interaction, store } = hand(POINT);
    store.brushRadius.value = 6;
    drag(brush, [100, 50], [120, 60], [120, -40]);
    expect(calls).toEqual([["brush", [50, 25, 60, 30, 60, -20], 6, null]]);
    expect(interaction.stroke.value).toBeNull();
  });

  it("shows the stroke while it is drawn", () => {
    const { press, at, interaction } = hand(POINT);
    const drag = press(brush, [100, 50]);
    drag.move(at([110, 60]));
    expect(interaction.stroke.value).toMatchObject({ kind: "brush", points: [50, 25, 55, 30] });
    drag.cancel();
    expect(interaction.stroke.value).toBeNull();
  });

  it("makes a dab of a click, erases with the other button, and the eraser the other way", () => {
    const { click, calls, store } = hand(POINT);
    selectAnnotations(store, "a");
    store.brushRadius.value = 3;
    click(brush, [100, 50]);
    click(brush, [100, 50], true);
    click(eraser, [100, 50]);
    click(eraser, [100, 50], true);
    expect(calls).toEqual(
      ["brush", "erase", "erase", "brush"].map((name) => [name, [50, 25], 3, "a"]),
    );
  });

  it("says so if it is not clear what to paint on", () => {
    const { drag, calls, store } = hand();
    selectAnnotations(store, "a", "b");
    drag(eraser, [100, 50], [120, 60]);
    expect(calls).toEqual([]);
    expect(store.notice.value?.text).toBe("Several objects are selected.");
  });

  it("takes a long press of a finger for the start of a stroke", () => {
    vi.useFakeTimers();
    const scene = createScene(POINT);
    const stage = document.createElement("div");
    stage.setPointerCapture = () => undefined;
    vi.spyOn(stage, "getBoundingClientRect").mockReturnValue(new DOMRect(0, 0, 400, 200));
    const { store, actions, interaction, calls } = scene;
    mountPointer(stage, { store, actions, interaction }, new AbortController().signal);
    store.tool.value = "brush";
    store.brushRadius.value = 2;
    const fire = (type: string, clientX: number) =>
      stage.dispatchEvent(
        new PointerEvent(type, { pointerId: 1, pointerType: "touch", clientX, clientY: 50 }),
      );
    fire("pointerdown", 100);
    vi.advanceTimersByTime(2000);
    fire("pointermove", 140);
    fire("pointerup", 140);
    const edits = calls.filter(([name]) => name !== "preview");
    expect(edits).toEqual([["brush", [50, 25, 70, 25], 2, null]]);
  });

  it("has a radius that follows the image until it is chosen", () => {
    const { store } = createScene();
    expect(brushRadiusOf(store)).toBe(3);
    store.image.value = { ...IMAGE, width: 6000 };
    expect(brushRadiusOf(store)).toBe(100);
    stepBrushRadius(store, 1);
    expect(brushRadiusOf(store)).toBe(117);
    for (let press = 0; press < 100; press++) stepBrushRadius(store, -1);
    expect(brushRadiusOf(store)).toBe(0.5);
    setBrushRadius(store, 1e9);
    expect(brushRadiusOf(store)).toBe(1000);
  });
});
