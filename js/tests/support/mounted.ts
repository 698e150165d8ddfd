// The whole app in a page, with actions that only note what they were asked.

import { vi } from "vitest";
import { mountApp } from "../../src/app";
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
  return noteCalls<Actions>({ everything: noteCalls({}) });
}

/** Whatever is called upon it is a mock. */
function noteCalls<Noted extends object>(known: Record<string, unknown>): Noted {
  const noted = new Map<string | symbol, unknown>(Object.entries(known));
  return new Proxy({} as Noted, {
    get: (_, name) => {
      if (!noted.has(name)) noted.set(name, name === "everything" ? noteActions() : vi.fn());
      return noted.get(name);
    },
  });
}

/** Preact renders a little later than signals change, and runs effects in a task after a frame. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)));
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
