import { afterEach, describe, expect, it } from "vitest";
import { EMPTY_DOCUMENT } from "../../src/state/document";
import { keyboardScene } from "../support/input";
import { boxObject } from "../support/values";

afterEach(() => {
  document.body.replaceChildren();
});

describe("the crosshair", () => {
  it("first shows in the middle, then moves by 10 CSS pixels or 1 image pixel", () => {
    const { press, interaction } = keyboardScene();
    press("ArrowRight");
    expect(interaction.crosshair.value).toEqual({ x: 100, y: 50 });
    press("ArrowRight");
    press("ArrowUp", { shiftKey: true });
    expect(interaction.crosshair.value).toEqual({ x: 105, y: 49 });
  });

  it("stays in the image", () => {
    const { press, interaction } = keyboardScene();
    for (let index = 0; index < 50; index++) press("ArrowLeft");
    expect(interaction.crosshair.value).toEqual({ x: 0, y: 50 });
  });

  it("selects objects, and masks of everything mode, with their tools", () => {
    const { press, store, interaction, gestures } = keyboardScene();
    store.confirmedAnnotations.value = [boxObject("a", { x0: 0, y0: 0, x1: 100, y1: 100 })];
    interaction.crosshair.value = { x: 12, y: 34 };
    press("l");
    press(" ");
    expect([...store.selectedIds.value]).toEqual(["a"]);
    press("x");
    expect([...store.selectedIds.value]).toEqual([]);
    const mask = boxObject("m", { x0: 0, y0: 0, x1: 100, y1: 100 });
    store.everything.masks.value = [{ ...mask, row: 0, score: 1, stability: 1 }];
    store.everything.kept.value = [0];
    store.tool.value = "everything";
    press("i");
    expect([...store.everything.selected.value]).toEqual([0]);
    expect(gestures()).toEqual([]);
  });

  it("places points", () => {
    const { press, interaction, gestures } = keyboardScene();
    interaction.crosshair.value = { x: 12, y: 34 };
    press("i");
    press("x");
    press(" ");
    expect(gestures()).toEqual([
      ["addPoint", 12, 34, true],
      ["addPoint", 12, 34, false],
      ["addPoint", 12, 34, true],
    ]);
  });

  it("places no point by a space bar that was held to pan", () => {
    const { stage, interaction, store, gestures } = keyboardScene();
    interaction.crosshair.value = { x: 12, y: 34 };
    stage.dispatchEvent(
      new KeyboardEvent("keydown", { key: " ", bubbles: true, cancelable: true }),
    );
    expect(interaction.panning.value).toBe(true);
    store.view.value = { zoom: 2, x: 0.35, y: 0.25 };
    stage.dispatchEvent(new KeyboardEvent("keyup", { key: " ", bubbles: true }));
    expect(interaction.panning.value).toBe(false);
    expect(gestures()).toEqual([]);
  });

  it("draws a box from corner to corner, after which Enter accepts again", () => {
    const { press, interaction, store, gestures } = keyboardScene();
    const prompts = { ...EMPTY_DOCUMENT.prompts, has_mask: true };
    store.document.value = { ...EMPTY_DOCUMENT, prompts };
    press("b");
    press("ArrowRight");
    press("Enter");
    expect(interaction.anchor.value).toEqual({ x: 100, y: 50 });
    press("Enter");
    expect(gestures()).toEqual([]);
    press("ArrowLeft");
    press("ArrowDown");
    press("Enter");
    expect(gestures()).toEqual([["setBox", { x0: 95, y0: 50, x1: 100, y1: 55 }]]);
    expect(store.tool.value).toBe("point");
    press("Enter");
    expect(gestures().at(-1)).toEqual(["accept", null]);
  });
});
