// A stage with pointer or keyboard, for tests that fire events at it.

import { vi } from "vitest";
import { mountKeyboard } from "../../src/input/keyboard";
import { mountPointer } from "../../src/input/pointer";
import { NO_ANSWER } from "../../src/state/document";
import { createScene } from "./scene";

export interface Press extends PointerEventInit {
  at: readonly [x: number, y: number];
}

/** A stage shown at half its size, at (10, 20) of the window: 200 x 100 CSS pixels on screen. */
export function pointerScene() {
  const scene = createScene();
  const stage = document.createElement("div");
  stage.tabIndex = 0;
  document.body.append(stage);
  vi.spyOn(stage, "getBoundingClientRect").mockReturnValue(new DOMRect(10, 20, 200, 100));
  stage.setPointerCapture = () => undefined;
  const controller = new AbortController();
  mountPointer(stage, scene, controller.signal);
  const fire = (type: string, { at: [clientX, clientY], ...init }: Press) =>
    stage.dispatchEvent(
      new PointerEvent(type, {
        bubbles: true,
        cancelable: true,
        pointerId: 1,
        pointerType: "mouse",
        clientX,
        clientY,
        ...init,
      }),
    );
  const gestures = () => scene.calls.filter(([name]) => name !== "preview");
  return { ...scene, stage, controller, fire, gestures };
}

const CANDIDATE = { score: 0.9, stability: 0.9, area: 3, rle: new DataView(new ArrayBuffer(0)) };

/** The stage within a notebook's cell, with keys and two candidates. */
export function keyboardScene() {
  const scene = createScene();
  scene.store.answer.value = { ...NO_ANSWER, candidates: [CANDIDATE, CANDIDATE] };
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
