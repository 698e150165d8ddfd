// Keys as a person reads them, for the help and the tooltips.

import { isApple } from "./platform";
import { SHORTCUTS, type Shortcut } from "./shortcuts";

/** The keys of a shortcut as a person reads them, e.g. "Ctrl+Shift+Z"; for help and tooltips. */
export function displayKeys(shortcut: Shortcut, apple = isApple()): string {
  const text = shortcut.shown ?? shortcut.keys.join(" or ");
  return text
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
