// Which keys reach the host: those that the widget does not use, but no bare ones.

import { afterEach, describe, expect, it, vi } from "vitest";
import { isForHost } from "../../src/input/host-keys";
import { keyboardScene } from "../support/input";

afterEach(() => {
  document.body.replaceChildren();
});

const NO_MODIFIER = { code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
const CTRL = { ctrlKey: true };
const CTRL_SHIFT = { ctrlKey: true, shiftKey: true };
const META = { metaKey: true };

function element(tag: string, attributes: Record<string, string> = {}): Element {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

const STAGE = element("div");
const TEXT = element("input", { type: "text" });
const LIST = element("div", { role: "grid" });

describe("the host", () => {
  it.each([
    // What JupyterLab, Notebook 7 and VS Code do with Control or Command, or without anything.
    ["saves", { key: "s", ...CTRL }, STAGE, true],
    ["saves from a field", { key: "s", ...CTRL }, TEXT, true],
    ["saves under another name", { key: "S", ...CTRL_SHIFT }, STAGE, true],
    ["opens its palette", { key: "C", ...CTRL_SHIFT }, STAGE, true],
    ["opens its palette from a field", { key: "C", ...CTRL_SHIFT }, TEXT, true],
    ["shows its panel", { key: "b", ...CTRL }, STAGE, true],
    ["prints", { key: "p", ...CTRL }, LIST, true],
    ["runs the cell", { key: "Enter", ...CTRL }, STAGE, true],
    ["goes to another tab", { key: "Tab", ...CTRL }, STAGE, true],
    ["loads the page again", { key: "F5" }, STAGE, true],
    ["is as large as the screen", { key: "F11" }, STAGE, true],
    ["opens its panels", { key: "1", altKey: true }, STAGE, true],
    ["is told of Shift alone", { key: "Shift", shiftKey: true }, STAGE, true],
    ["is told of Caps Lock", { key: "CapsLock" }, STAGE, true],
    // What the widget does.
    ["does not undo", { key: "z", ...CTRL }, STAGE, false],
    ["does not redo", { key: "Z", ...CTRL_SHIFT }, STAGE, false],
    ["does not redo by the other key", { key: "y", ...CTRL }, STAGE, false],
    ["does not undo what is typed", { key: "z", ...CTRL }, TEXT, false],
    ["does not redo what is typed", { key: "Z", ...CTRL_SHIFT }, TEXT, false],
    ["does not undo what is typed in Russian", { key: "я", code: "KeyZ", ...CTRL }, TEXT, false],
    ["does not select all cells instead of the text", { key: "a", ...CTRL }, TEXT, false],
    ["does not do so with Caps Lock", { key: "A", ...CTRL }, TEXT, false],
    ["does not merge cells instead of words", { key: "Backspace", ...CTRL }, TEXT, false],
    ["does not select all cells instead of objects", { key: "a", ...CTRL }, LIST, false],
    ["does not move cells instead of the row", { key: "ArrowDown", ...CTRL }, LIST, false],
    // What command mode would take.
    ["does not cut the cell", { key: "x" }, STAGE, false],
    ["does not add a cell", { key: "a" }, STAGE, false],
    ["does not delete the cell", { key: "d" }, STAGE, false],
    ["does not merge cells", { key: "M", shiftKey: true }, STAGE, false],
    ["does not run the cell", { key: "Enter", shiftKey: true }, STAGE, false],
    ["does not number lines", { key: "L", shiftKey: true }, STAGE, false],
    ["does not go to another cell", { key: "ArrowDown" }, STAGE, false],
    ["is told of no sign", { key: "\\", ctrlKey: true, altKey: true }, STAGE, false],
    ["is told of no letter by AltGr", { key: "ł", getModifierState: () => true }, STAGE, false],
  ])("%s", (_, press, target, expected) => {
    expect(isForHost({ ...NO_MODIFIER, ...press }, target, false)).toBe(expected);
  });

  it.each([
    ["saves", { key: "s", ...META }, STAGE, true],
    ["does not undo", { key: "z", ...META }, STAGE, false],
    ["has Control+Z, which undoes nothing here", { key: "z", ...CTRL }, STAGE, true],
    ["does not go to the end of the line", { key: "e", ...CTRL }, TEXT, false],
    ["does not go a word on", { key: "ArrowRight", altKey: true }, TEXT, false],
    ["does not type é", { key: "Dead", altKey: true }, TEXT, false],
    ["has what Option and a letter are elsewhere", { key: "ß", altKey: true }, STAGE, true],
  ])("of Apple %s", (_, press, target, expected) => {
    expect(isForHost({ ...NO_MODIFIER, ...press }, target, true)).toBe(expected);
  });
});

describe("JupyterLab", () => {
  /** As lumino looks: from the focused element up to the document, at marks and selectors. */
  function seesKeysOf(target: Element): boolean {
    for (let at: Element | null = target; at; at = at.parentElement) {
      if (at.hasAttribute("data-lm-suppress-shortcuts")) return false;
    }
    return true;
  }

  it.each(["before the widget", "after it"])("sees only its own keys, listening %s", (when) => {
    const { press, stage, add, root } = keyboardScene();
    const list = add("div", { role: "grid", tabindex: "0" });
    const field = add("input", { type: "text" });
    const seen: string[] = [];
    const look = (event: KeyboardEvent) => {
      if (seesKeysOf(event.target as Element)) seen.push(event.key);
    };
    const capture = when === "before the widget";
    document.addEventListener("keydown", look, { capture });
    for (const target of [stage, list, field]) {
      press("x", {}, target);
      press("s", { ctrlKey: true }, target);
      press("Enter", { shiftKey: true }, target);
      press("F5", {}, target);
    }
    press("a", { ctrlKey: true }, list);
    press("z", { ctrlKey: true }, stage);
    expect(seen).toEqual(["s", "F5", "s", "F5", "s", "F5"]);
    expect(seesKeysOf(root)).toBe(false);
    document.removeEventListener("keydown", look, { capture });
  });

  it("has the keys of an open help that are its own", () => {
    const { press, store, notebook } = keyboardScene();
    store.helpOpen.value = true;
    press("a");
    expect(notebook).not.toHaveBeenCalled();
    press("s", { ctrlKey: true });
    expect(notebook).toHaveBeenCalled();
  });

  it("gets no key that something in the widget has used", () => {
    const { press, add, notebook } = keyboardScene();
    const chip = add("button");
    chip.addEventListener("keydown", (event) => event.preventDefault());
    press("F2", {}, chip);
    const downs = vi.mocked(notebook).mock.calls.filter(([event]) => event.type === "keydown");
    expect(downs).toEqual([]);
  });
});
