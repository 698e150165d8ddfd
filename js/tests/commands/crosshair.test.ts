import { afterEach, describe, expect, it, vi } from "vitest";
import { mountKeyboard } from "../../src/input/keyboard";
import { EMPTY_DOCUMENT, NO_PREDICTION } from "../../src/state/document";

import { createScene } from "../support/scene";

const CANDIDATE = { score: 0.9, stability: 0.9, area: 3, rle: new DataView(new ArrayBuffer(0)) };

function mount() {
  const scene = createScene();
  scene.store.prediction.value = { ...NO_PREDICTION, candidates: [CANDIDATE, CANDIDATE] };
  const cell = document.createElement("div");
  cell.tabIndex = -1;
  const root = document.createElement("div");
  const stage = document.createElement("div");
  stage.tabIndex = 0;
  root.append(stage);
  cell.append(root);
  document.body.append(cell);
  const controller = new AbortController();
  mountKeyboard(root, stage, scene, controller.signal);
  const notebook = vi.fn();
  for (const type of ["keydown", "keyup", "keypress"]) cell.addEventListener(type, notebook);
  const press = (key: string, init: KeyboardEventInit = {}, target: HTMLElement = stage) => {
    target.focus();
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init });
    target.dispatchEvent(event);
    target.dispatchEvent(new KeyboardEvent("keyup", { key, bubbles: true, cancelable: true }));
    return event;
  };
  const add = (tag: string, attributes: Record<string, string> = {}) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    root.append(element);
    return element;
  };
  const gestures = () => scene.calls;
  return { ...scene, cell, root, stage, controller, notebook, press, add, gestures };
}

afterEach(() => {
  document.body.replaceChildren();
});

describe("the crosshair", () => {
  it("first shows in the middle, then moves by 10 CSS pixels or 1 image pixel", () => {
    const { press, interaction } = mount();
    press("ArrowRight");
    expect(interaction.crosshair.value).toEqual({ x: 100, y: 50 });
    press("ArrowRight");
    press("ArrowUp", { shiftKey: true });
    expect(interaction.crosshair.value).toEqual({ x: 105, y: 49 });
  });

  it("stays in the image", () => {
    const { press, interaction } = mount();
    for (let index = 0; index < 50; index++) press("ArrowLeft");
    expect(interaction.crosshair.value).toEqual({ x: 0, y: 50 });
  });

  it("places points", () => {
    const { press, interaction, gestures } = mount();
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
    const { stage, interaction, store, gestures } = mount();
    interaction.crosshair.value = { x: 12, y: 34 };
    stage.dispatchEvent(
      new KeyboardEvent("keydown", { key: " ", bubbles: true, cancelable: true }),
    );
    expect(interaction.panning.value).toBe(true);
    store.view.value = { zoom: 2, left: 0.1, top: 0 };
    stage.dispatchEvent(new KeyboardEvent("keyup", { key: " ", bubbles: true }));
    expect(interaction.panning.value).toBe(false);
    expect(gestures()).toEqual([]);
  });

  it("draws a box from corner to corner, after which Enter accepts again", () => {
    const { press, interaction, store, gestures } = mount();
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
