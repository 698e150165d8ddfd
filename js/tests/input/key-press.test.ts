// The same shortcuts on the keyboards of the world: what KeyboardEvent says when a key that bears
// the sign is pressed there, and what the widget then does.

import { describe, expect, it } from "vitest";
import { shortcutFor } from "../../src/input/key-press";

type Row = readonly [press: string, code: string, key: string, id: string | undefined];

const NOTHING = undefined;

/** "^" is Shift, "C-" Control, "G-" AltGr. */
const KEYBOARDS: Readonly<Record<string, readonly Row[]>> = {
  US: [
    ["", "KeyC", "c", "clear"],
    ["", "KeyM", "m", "move-prompt"],
    ["", "Digit1", "1", "choose-1"],
    ["^", "Digit1", "!", "label-1"],
    ["^", "Digit9", "(", "label-9"],
    ["", "Minus", "-", "zoom-out"],
    ["^", "Minus", "_", "zoom-out"],
    ["", "Equal", "=", "zoom-in"],
    ["^", "Equal", "+", "zoom-in"],
    ["", "BracketLeft", "[", "opacity-down"],
    ["^", "Slash", "?", "help"],
    ["", "Slash", "/", NOTHING],
    ["C-", "KeyZ", "z", "undo"],
    ["C-^", "KeyZ", "Z", "redo"],
    ["C-", "Semicolon", ";", NOTHING],
    ["", "Numpad2", "2", "choose-2"],
    ["", "NumpadAdd", "+", "zoom-in"],
  ],
  UK: [
    ["^", "Digit2", '"', "label-2"],
    ["^", "Digit3", "£", "label-3"],
    ["^", "Slash", "?", "help"],
    ["", "Backslash", "#", NOTHING],
  ],
  German: [
    ["", "KeyY", "z", NOTHING],
    ["C-", "KeyY", "z", "undo"],
    ["C-", "KeyZ", "y", "redo"],
    ["^", "Minus", "?", "help"],
    ["", "BracketRight", "+", "zoom-in"],
    ["", "Slash", "-", "zoom-out"],
    ["^", "Slash", "_", "zoom-out"],
    ["^", "Digit0", "=", "zoom-in"],
    ["^", "Digit7", "/", "label-7"],
    ["G-", "Digit8", "[", "opacity-down"],
    ["G-", "Digit9", "]", "opacity-up"],
    ["", "Semicolon", "ö", NOTHING],
    ["", "Minus", "ß", NOTHING],
  ],
  "French AZERTY": [
    ["", "KeyQ", "a", "everything"],
    ["", "KeyA", "q", NOTHING],
    ["", "Semicolon", "m", "move-prompt"],
    ["", "KeyM", ",", NOTHING],
    ["^", "KeyM", "?", "help"],
    ["", "Comma", ";", NOTHING],
    ["", "Digit6", "-", "zoom-out"],
    ["", "Digit8", "_", "zoom-out"],
    ["^", "Digit1", "1", "choose-1"],
    ["^", "Digit3", "3", "choose-3"],
    ["^", "Digit0", "0", "zoom-fit"],
    ["", "Digit1", "&", "label-1"],
    ["", "Digit2", "é", "label-2"],
    ["^", "Equal", "+", "zoom-in"],
    ["", "Equal", "=", "zoom-in"],
    ["G-", "Digit5", "[", "opacity-down"],
    ["C-", "KeyW", "z", "undo"],
    ["C-", "KeyZ", "w", NOTHING],
  ],
  BÉPO: [
    ["", "KeyH", "c", "clear"],
    ["", "KeyC", "x", "exclude"],
    ["", "Digit1", '"', "label-1"],
    ["^", "Digit1", "1", "choose-1"],
    ["", "Digit7", "+", "zoom-in"],
    ["", "Digit8", "-", "zoom-out"],
    ["", "KeyG", ",", NOTHING],
    ["", "KeyV", ".", NOTHING],
    ["^", "KeyN", "?", "help"],
    ["", "KeyW", "é", NOTHING],
    ["C-", "BracketRight", "z", "undo"],
  ],
  Dvorak: [
    ["", "KeyE", ".", NOTHING],
    ["", "KeyD", "e", "tool-eraser"],
    ["", "KeyW", ",", NOTHING],
    ["", "KeyQ", "'", NOTHING],
    ["", "KeyZ", ";", NOTHING],
    ["C-", "KeyZ", ";", NOTHING],
    ["C-", "Slash", "z", "undo"],
    ["", "Quote", "-", "zoom-out"],
    ["^", "BracketLeft", "?", "help"],
    ["", "Minus", "[", "opacity-down"],
    ["", "KeyJ", "h", "tool-pan"],
    ["^", "Digit2", "@", "label-2"],
  ],
  Spanish: [
    ["^", "Minus", "?", "help"],
    ["", "BracketRight", "+", "zoom-in"],
    ["G-", "BracketLeft", "[", "opacity-down"],
    ["", "Semicolon", "ñ", NOTHING],
    ["^", "Digit2", '"', "label-2"],
    ["^", "Digit3", "·", "label-3"],
  ],
  Swedish: [
    ["^", "Minus", "?", "help"],
    ["", "Minus", "+", "zoom-in"],
    ["^", "Digit4", "¤", "label-4"],
    ["", "BracketLeft", "å", NOTHING],
    ["G-", "Digit8", "[", "opacity-down"],
  ],
  Russian: [
    ["", "KeyC", "с", "clear"],
    ["", "KeyB", "и", "tool-box"],
    ["^", "KeyH", "Р", "objects-hide"],
    ["C-", "KeyZ", "я", "undo"],
    ["", "BracketLeft", "х", "opacity-down"],
    ["", "BracketRight", "ъ", "opacity-up"],
    ["", "Slash", ".", NOTHING],
    ["^", "Slash", ",", NOTHING],
    ["^", "Digit7", "?", "help"],
    ["^", "Digit3", "№", "label-3"],
    ["", "Digit3", "3", "choose-3"],
  ],
  Greek: [
    ["", "KeyC", "ψ", "clear"],
    ["", "KeyQ", ";", NOTHING],
    ["", "KeyW", "ς", NOTHING],
    ["^", "Slash", "?", "help"],
    ["", "BracketLeft", "[", "opacity-down"],
    ["C-", "KeyZ", "ζ", "undo"],
  ],
  Hebrew: [
    ["", "KeyC", "ב", "clear"],
    ["", "KeyQ", "/", NOTHING],
    ["", "KeyW", "'", NOTHING],
    ["", "Comma", "ת", NOTHING],
    ["", "Slash", ".", NOTHING],
    ["^", "Slash", "?", "help"],
    ["", "BracketLeft", "]", "opacity-up"],
    ["C-", "KeyZ", "ז", "undo"],
  ],
  Japanese: [
    ["", "KeyC", "そ", "clear"],
    ["", "KeyC", "ｃ", "clear"],
    ["", "KeyC", "c", "clear"],
    ["", "KeyC", "Process", NOTHING],
    ["^", "Semicolon", "+", "zoom-in"],
    ["", "Minus", "-", "zoom-out"],
    ["^", "Minus", "=", "zoom-in"],
    ["", "BracketRight", "[", "opacity-down"],
    ["^", "Digit2", '"', "label-2"],
    ["", "Digit2", "２", "choose-2"],
  ],
  Arabic: [
    ["", "Digit2", "٢", "choose-2"],
    ["", "KeyC", "ؤ", "clear"],
    ["^", "Slash", "؟", NOTHING],
  ],
  "US international": [["^", "Digit6", "Dead", "label-6"]],
};

const ROWS = Object.entries(KEYBOARDS).flatMap(([keyboard, rows]) =>
  rows.map(([press, code, key, id]) => ({ keyboard, press, code, key, id })),
);

describe("a key", () => {
  it.each(ROWS)("$press$code of a $keyboard keyboard, $key, is $id", (row) => {
    const altGraph = row.press.includes("G-");
    const press = {
      key: row.key,
      code: row.code,
      shiftKey: row.press.includes("^"),
      ctrlKey: row.press.includes("C-"),
      metaKey: false,
      altKey: false,
      getModifierState: (name: string) => altGraph && name === "AltGraph",
    };
    expect(shortcutFor(press, false)?.id).toBe(row.id);
    // Windows reports AltGr as Control and Alt together.
    const asInWindows = { ...press, ctrlKey: true, altKey: true };
    if (altGraph) expect(shortcutFor(asInWindows, false)?.id).toBe(row.id);
  });
});
