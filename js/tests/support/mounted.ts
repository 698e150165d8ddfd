// The whole app in a page, with actions that only note what they were asked.

import { vi } from "vitest";
import { mountApp } from "../../src/app";
import type { Candidate, PredictionState } from "../../src/protocol";
import type { SceneObject } from "../../src/state/objects";
import { createStore, type Store } from "../../src/state/store";
import type { Actions } from "../../src/wire/actions";
import { stubBrowser } from "./browser";

export interface Mounted {
  root: HTMLElement;
  store: Store;
  actions: Actions;
  unmount: () => void;
  /** The element with that test id; throws if there is none. */
  get: <E extends HTMLElement = HTMLElement>(testId: string) => E;
  all: (testId: string) => HTMLElement[];
}

export function mount(prepare: (store: Store) => void = () => undefined): Mounted {
  stubBrowser();
  const store = createStore();
  const actions = noteActions();
  const views = new AbortController();
  const root = document.createElement("div");
  root.className = "sam-widget";
  document.body.replaceChildren(root);
  prepare(store);
  mountApp(root, store, actions, views.signal);
  const all = (testId: string) => [
    ...root.querySelectorAll<HTMLElement>(`[data-testid="${testId}"]`),
  ];
  const get = <E extends HTMLElement>(testId: string) => {
    const [first] = all(testId);
    if (!first) throw new Error(`There is no ${testId}.`);
    return first as E;
  };
  return { root, store, actions, unmount: () => views.abort(), get, all };
}

function noteActions(): Actions {
  const noted = new Map<string | symbol, unknown>();
  return new Proxy({} as Actions, {
    get: (_, name) => {
      if (!noted.has(name)) noted.set(name, vi.fn());
      return noted.get(name);
    },
  });
}

export const EMPTY_RLE = new DataView(new ArrayBuffer(0));

export function prediction(count: number, selected = 0, revision = 1): PredictionState {
  const candidates: Candidate[] = Array.from({ length: count }, (_, index) => ({
    score: [0.83, 0.95, 0.88][index] ?? 0,
    stability: 0.97,
    area: 1000 * (index + 1),
    rle: EMPTY_RLE,
  }));
  return { revision, version: 1, width: 200, height: 100, selected, candidates };
}

export function object(id: string, changes: Partial<SceneObject> = {}): SceneObject {
  return {
    id,
    label: `label of ${id}`,
    color: "#ff0000",
    visible: true,
    score: 0.9,
    stability: 0.95,
    area: 500,
    bbox: [0, 0, 10, 10],
    width: 200,
    height: 100,
    rle: EMPTY_RLE,
    ...changes,
  };
}

/** Preact renders, and runs effects, a little later than signals change. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
  });
}

export function press(
  element: HTMLElement,
  key: string,
  init: KeyboardEventInit = {},
): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init });
  element.dispatchEvent(event);
  return event;
}

export function type(input: HTMLInputElement, text: string): void {
  input.value = text;
  input.dispatchEvent(new InputEvent("input", { bubbles: true }));
}
