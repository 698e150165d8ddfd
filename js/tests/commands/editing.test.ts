import { afterEach, describe, expect, it, vi } from "vitest";
import { mountKeyboard } from "../../src/input/keyboard";
import { brushRadiusOf } from "../../src/state/brush";
import { createScene } from "../support/scene";

const POINT = { points: [{ x: 50, y: 25, positive: true }] };

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

describe("keys", () => {
  function keyboard(prompts = POINT) {
    const scene = createScene(prompts);
    const root = document.createElement("div");
    const stage = document.createElement("div");
    stage.tabIndex = 0;
    root.append(stage);
    document.body.append(root);
    const { store, actions, interaction } = scene;
    mountKeyboard(root, stage, { store, actions, interaction }, new AbortController().signal);
    const press = (...keys: string[]) => {
      stage.focus();
      for (const key of keys) {
        stage.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        stage.dispatchEvent(new KeyboardEvent("keyup", { key, bubbles: true }));
      }
    };
    return { ...scene, press };
  }

  it.each([
    ["d", "brush"],
    ["e", "eraser"],
    ["g", "polygon"],
    ["k", "cut"],
  ])("%s takes the %s", (key, tool) => {
    const { press, store } = keyboard();
    press(key);
    expect(store.tool.value).toBe(tool);
  });

  it("change the brush while one paints, else the opacity", () => {
    const { press, store } = keyboard();
    press("]");
    expect(store.opacity.value).toBe(0.6);
    press("e", "]");
    expect(store.opacity.value).toBe(0.6);
    expect(brushRadiusOf(store)).toBe(4);
    press("[", "[");
    expect(brushRadiusOf(store)).toBe(2);
  });

  it("end, shorten and give up a polygon before they do anything else", () => {
    const { press, interaction, calls, store } = keyboard();
    store.tool.value = "polygon";
    interaction.polygon.value = [0, 0, 9, 0, 9, 9, 5, 9];
    press("Backspace", "Enter");
    expect(interaction.closed.value).not.toBeNull();
    expect(calls).toEqual([]);
    press("Enter");
    expect(calls).toEqual([["addPolygon", [0, 0, 9, 0, 9, 9], null]]);
    interaction.polygon.value = [0, 0, 9, 0];
    press("Enter");
    expect(calls).toHaveLength(1);
    press("Escape");
    expect(interaction.polygon.value).toEqual([]);
    expect(document.activeElement).not.toBe(document.body);
    press("Enter");
    expect(calls.at(-1)).toEqual(["accept", null]);
  });

  it("paint dabs and place corners at the crosshair", () => {
    const { press, interaction, calls, store } = keyboard();
    store.brushRadius.value = 3;
    interaction.crosshair.value = { x: 7, y: 8 };
    store.tool.value = "brush";
    press("i", "x");
    store.tool.value = "eraser";
    press("i");
    store.tool.value = "polygon";
    press("i");
    expect(calls).toEqual([
      ["brush", [7, 8], 3, null],
      ["erase", [7, 8], 3, null],
      ["erase", [7, 8], 3, null],
    ]);
    expect(interaction.polygon.value).toEqual([7, 8]);
  });
});
