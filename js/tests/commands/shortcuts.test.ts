import { describe, expect, it } from "vitest";
import { displayKeys, keysOf } from "../../src/commands/key-names";
import { SHORTCUTS } from "../../src/commands/shortcuts";
import { shortcutFor } from "../../src/input/key-press";

const NO_MODIFIER = { code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };

describe("the table", () => {
  it("has each key and each id once", () => {
    const keys = SHORTCUTS.flatMap((shortcut) => shortcut.keys);
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(SHORTCUTS.map(({ id }) => id)).size).toBe(SHORTCUTS.length);
  });

  it.each([
    ["z with Control", { key: "z", ctrlKey: true }, false, "undo"],
    ["z with Command", { key: "z", metaKey: true }, true, "undo"],
    ["z with Control on Apple's keyboards", { key: "z", ctrlKey: true }, true, undefined],
    ["Z with Control and Shift", { key: "Z", ctrlKey: true, shiftKey: true }, false, "redo"],
    ["y with Control", { key: "y", ctrlKey: true }, false, "redo"],
    ["c", { key: "c" }, false, "clear"],
    ["C with Caps Lock", { key: "C" }, false, "clear"],
    ["c with Control, which copies", { key: "c", ctrlKey: true }, false, undefined],
    ["c of a Russian keyboard", { key: "с", code: "KeyC" }, false, "clear"],
    ["? of a US keyboard", { key: "?", shiftKey: true }, false, "help"],
    ["[ by AltGr", { key: "[", ctrlKey: true, altKey: true }, false, "opacity-down"],
    ["[ by Option", { key: "[", altKey: true }, true, "opacity-down"],
    ["Enter", { key: "Enter" }, false, "accept"],
    ["Enter with Shift, which runs cells", { key: "Enter", shiftKey: true }, false, undefined],
    ["Tab", { key: "Tab" }, false, undefined],
    [
      "2 with Shift on a US keyboard",
      { key: "@", code: "Digit2", shiftKey: true },
      false,
      "label-2",
    ],
    ["2 without Shift on a French one", { key: "é", code: "Digit2" }, false, "label-2"],
    [
      "2 with Shift on a French one",
      { key: "2", code: "Digit2", shiftKey: true },
      false,
      "choose-2",
    ],
    ["2 on a number pad", { key: "2", code: "Numpad2" }, false, "choose-2"],
    ["- on a French keyboard", { key: "-", code: "Digit6" }, false, "zoom-out"],
    ["= on a German one", { key: "=", code: "Digit0", shiftKey: true }, false, "zoom-in"],
    [
      "[ by AltGr on a German one",
      { key: "[", code: "Digit8", ctrlKey: true, altKey: true },
      false,
      "opacity-down",
    ],
  ])("%s", (_, press, apple, id) => {
    expect(shortcutFor({ ...NO_MODIFIER, ...press }, apple)?.id).toBe(id);
  });

  it("shows keys as they are printed on keyboards", () => {
    const undo = SHORTCUTS.find(({ id }) => id === "undo");
    expect(undo && displayKeys(undo, false)).toBe("Ctrl+Z");
    expect(undo && displayKeys(undo, true)).toBe("⌘Z");
    expect(keysOf("tool-box")).toBe("B");
    expect(keysOf("delete")).toBe("Delete or Backspace");
    expect(keysOf("no such thing")).toBe("");
  });
});
