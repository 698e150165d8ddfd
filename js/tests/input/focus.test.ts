// Presses: whatever is pressed, the next key is the widget's, and Enter accepts.

import { afterEach, describe, expect, it, vi } from "vitest";
import type { Store } from "../../src/state/store";
import { settled } from "../support/mounted";
import { keyNatively, pressNatively } from "../support/native";
import { mountedInCell, openAll, openEverything } from "../support/opened";

afterEach(() => {
  document.body.replaceChildren();
});

const STATES: readonly [name: string, prepare: (store: Store) => void][] = [
  [
    "everything open",
    (store) => {
      openAll(store);
      openEverything(store);
    },
  ],
  ["a mask being made", openAll],
  ["nothing yet", () => undefined],
  [
    "another image being opened, without a kernel",
    (store) => {
      openAll(store);
      store.opening.value = 2;
      store.connection.value = "lost";
      store.problem.value = { code: "journal", message: "No journal.", hint: "Make room." };
    },
  ],
];

const INTERACTIVE = "button, input, select, textarea, a, [tabindex]";

describe("a press on what takes no focus", () => {
  it.each(STATES)("leaves the focus inside: %s", async (_, prepare) => {
    const { root, cell, get } = await mountedInCell(prepare);
    const blanks = [root, ...root.querySelectorAll("*")].filter(
      (element) => element === root || element.closest(INTERACTIVE) === root,
    );
    expect(blanks.length).toBeGreaterThan(20);
    for (const element of blanks) {
      cell.focus();
      pressNatively(element);
      expect(document.activeElement, element.outerHTML.slice(0, 200)).toBe(get("stage"));
      expect(root.matches("[disabled] *, :has([disabled])")).toBe(false);
    }
  });

  it("leaves the focus in the widget on a scrollbar, where nothing moves it", async () => {
    const { cell, get } = await mountedInCell();
    cell.focus();
    get("object-list").dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
    expect(document.activeElement).toBe(get("stage"));
  });

  it("leaves the focus in the widget that covers the window", async () => {
    const { root, store, get } = await mountedInCell();
    store.layout.fullWindow.value = true;
    await settled();
    expect(root.matches("[popover]")).toBe(true);
    pressNatively(get("toolbar-undo"));
    expect(document.activeElement).toBe(get("stage"));
  });

  it("lets text be selected", async () => {
    const { get } = await mountedInCell();
    const text = get("status-line");
    text.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
    const down = new MouseEvent("mousedown", { bubbles: true, cancelable: true });
    text.dispatchEvent(down);
    expect(down.defaultPrevented).toBe(false);
  });

  it("leaves the focus in the open help", async () => {
    const { root, store, get } = await mountedInCell();
    store.helpOpen.value = true;
    await settled();
    const text = root.querySelector("dialog h2");
    if (text) pressNatively(text);
    expect(document.activeElement).toBe(get("help"));
  });
});

describe("Enter", () => {
  /** Buttons of the page, each known by its test id or its words. */
  async function buttonsOf(prepare: (store: Store) => void) {
    const { root } = await mountedInCell(prepare);
    return [...root.querySelectorAll("button")].map(nameOf);
  }

  function nameOf(button: Element): string {
    return button.getAttribute("data-testid") ?? button.getAttribute("aria-label") ?? "";
  }

  /** They open what takes the keyboard for itself, as it should: a dialog, a menu, or a field. */
  const OPENING = new Set(["help-open", "label-add", "object-rename", "export-open", "light-open"]);
  const tables = STATES.slice(0, 2);

  it.each(tables)("accepts, whichever button was pressed last: %s", async (_, prepare) => {
    const names = await buttonsOf(prepare);
    expect(names.length).toBeGreaterThan(30);
    for (const name of new Set(names)) {
      const { root, store, actions } = await mountedInCell(prepare);
      const button = [...root.querySelectorAll("button")].find((one) => nameOf(one) === name);
      if (!button) throw new Error(`There is no ${name}.`);
      const pressed = vi.fn();
      button.addEventListener("click", pressed);
      pressNatively(button);
      expect(document.activeElement?.localName, name).not.toBe("button");
      if (OPENING.has(name)) continue;
      await settled();
      store.tool.value = "point";
      vi.mocked(actions.accept).mockClear();
      keyNatively("Enter");
      expect(actions.accept, name).toHaveBeenCalledTimes(1);
      expect(pressed, name).toHaveBeenCalledTimes(1);
    }
  });

  it.each(["Enter", " "])("%o presses the button that the keyboard has reached", async (key) => {
    const { root, actions } = await mountedInCell();
    for (const button of root.querySelectorAll("button")) {
      const pressed = vi.fn();
      button.addEventListener("click", pressed, { once: true, capture: true });
      button.addEventListener("click", (event) => event.stopImmediatePropagation(), {
        once: true,
        capture: true,
      });
      button.focus();
      keyNatively(key);
      expect(pressed, nameOf(button)).toHaveBeenCalledTimes(1);
    }
    expect(actions.accept).not.toHaveBeenCalled();
  });

  it.each(["mask-count", "label-color", "object-label-filter"])(
    "accepts after a choice by pointer in %s",
    async (testId) => {
      const { get, actions } = await mountedInCell();
      const field = get(testId);
      pressNatively(field);
      expect(document.activeElement).toBe(field);
      field.dispatchEvent(new Event("change", { bubbles: true }));
      keyNatively("Enter");
      expect(actions.accept).toHaveBeenCalledTimes(1);
    },
  );

  it("is left to a choice that is made by keyboard", async () => {
    const { get, actions } = await mountedInCell();
    get("mask-count").focus();
    keyNatively("ArrowDown");
    get("mask-count").dispatchEvent(new Event("change", { bubbles: true }));
    keyNatively("Enter");
    expect(document.activeElement).toBe(get("mask-count"));
    expect(actions.accept).not.toHaveBeenCalled();
  });

  it("leaves a screen reader's focus on what it pressed", async () => {
    const { get } = await mountedInCell();
    get("toolbar-undo").focus();
    const down = new MouseEvent("mousedown", { bubbles: true, cancelable: true });
    get("toolbar-undo").dispatchEvent(down);
    expect(down.defaultPrevented).toBe(false);
    expect(document.activeElement).toBe(get("toolbar-undo"));
  });
});
