// Keys as a person reads them, for the help and the tooltips: what this keyboard needs, and nothing
// that is not known of it.

import { digitRow } from "./keys/digits";
import { isApple } from "./platform";
import { LABELS_WITH_KEY, SHORTCUTS, type Shortcut } from "./shortcuts";

/** The keys of a shortcut as a person reads them, e.g. "Ctrl+Shift+Z"; for help and tooltips. */
export function displayKeys(shortcut: Shortcut, apple = isApple()): string {
  if (shortcut.id === "label-1") return labelKeysInWords();
  const text = shortcut.shown ?? shortcut.keys.join(" or ");
  return withShiftForDigits(text)
    .replaceAll("Mod+", apple ? "\u2318" : "Ctrl+")
    .replace(
      /(^|\+|\u2318| )([a-z])(?= |$)/gu,
      (_, before: string, key: string) => before + key.toUpperCase(),
    );
}

/** The shortcut of that id as a person reads it; "" if there is none. */
export function keysOf(id: string): string {
  const shortcut = SHORTCUTS.find((candidate) => candidate.id === id);
  return shortcut ? displayKeys(shortcut) : "";
}

/** What a key is called that types a digit, for the badge on a mask. */
export function digitKey(digit: number): string {
  return digitRow().digitsNeedShift ? `\u21e7${digit}` : String(digit);
}

/**
 * What chooses the label at a place, from 0 on; "" if no key does, or none that is known. A sign that
 * means something else keeps that meaning.
 */
export function labelKey(index: number): string {
  const { digitsNeedShift, others } = digitRow();
  const digit = String(index + 1);
  const other = others.get(digit) ?? "";
  const taken = SHORTCUTS.some(({ keys }) => keys.includes(other));
  if (index >= LABELS_WITH_KEY || digitsNeedShift === null || taken) return "";
  return digitsNeedShift ? other : `Shift+${digit}`;
}

function labelKeysInWords(): string {
  const { digitsNeedShift } = digitRow();
  if (digitsNeedShift === null) return "Shift+1 \u2026 9, or without Shift if 1 needs it";
  const keys = Array.from({ length: LABELS_WITH_KEY }, (_, index) => labelKey(index));
  if (digitsNeedShift) return keys.filter((key) => key !== "").join(" ");
  return keys.every((key) => key !== "")
    ? "Shift+1 \u2026 Shift+9"
    : keys.filter((key) => key !== "").join(" ");
}

function withShiftForDigits(text: string): string {
  return digitRow().digitsNeedShift ? text.replace(/(^| )(?=[0-9])/gu, "$1Shift+") : text;
}
