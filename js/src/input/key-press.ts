// From a key press to the shortcut that it means: by the character that it types, so that a key is
// what is printed on it. Only letters and digits of other scripts are known by their place.

import { isApple } from "../commands/platform";
import { SHORTCUTS, type Shortcut } from "../commands/shortcuts";

/** What a shortcut needs to know of a key press. */
export type KeyPress = Pick<
  KeyboardEvent,
  "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey"
> &
  Partial<Pick<KeyboardEvent, "getModifierState">>;

/** What else a keyboard of the United States has where others have letters. */
const SIGN_BY_CODE: Readonly<Record<string, string>> = {
  Backquote: "`",
  Minus: "-",
  Equal: "=",
  BracketLeft: "[",
  BracketRight: "]",
  Backslash: "\\",
  Semicolon: ";",
  Quote: "'",
  Comma: ",",
  Period: ".",
  Slash: "/",
};

/** The shortcut that a key press means, if any. */
export function shortcutFor(press: KeyPress, apple = isApple()): Shortcut | undefined {
  const find = (name: string) => SHORTCUTS.find(({ keys }) => keys.includes(name));
  return find(pressName(press, apple)) ?? find(digitsOtherSign(press));
}

/** AltGr, which types "[" on many keyboards, often reports itself as Control and Alt together. */
export function typesSign(press: KeyPress): boolean {
  const { key, ctrlKey, altKey } = press;
  if (key.length !== 1) return false;
  return press.getModifierState?.("AltGraph") === true || (ctrlKey && altKey && isSign(key));
}

/**
 * "Shift+1" for what else the key of a digit types: with Shift, or without it where digits need
 * Shift. Its place is all that tells which digit that is. Else "".
 */
function digitsOtherSign(press: KeyPress): string {
  const digit = /^Digit([0-9])$/u.exec(press.code)?.[1];
  const modified = press.ctrlKey || press.metaKey || press.altKey || typesSign(press);
  const types = press.key.length === 1 || press.key === "Dead";
  return digit && types && !modified && keyName(press) !== digit ? `Shift+${digit}` : "";
}

/** As in Shortcut.keys. */
function pressName(press: KeyPress, apple: boolean): string {
  const key = keyName(press);
  const sign = isSign(key);
  const typed = typesSign(press);
  const mod = apple ? press.metaKey : press.ctrlKey;
  const other = apple ? press.ctrlKey : press.metaKey;
  let name = "";
  if (!typed && other) name += "Other+";
  if (!typed && press.altKey && !(apple && sign)) name += "Alt+";
  if (!typed && mod) name += "Mod+";
  if (press.shiftKey && !sign) name += "Shift+";
  return name + key;
}

/** Named keys by their names, others by what they type, letters in lower case. */
export function keyName({ key, code }: KeyPress): string {
  if (key.length !== 1) return key;
  // Letters and digits as wide as Chinese characters are the same ones.
  const typed = key.normalize("NFKC").toLowerCase();
  const foreign = /[\p{L}\p{Nd}]/u.test(typed) && !/[\p{Script=Latin}0-9]/u.test(typed);
  if (!foreign) return typed;
  const [, place] = /^(?:Key|Digit)([A-Z0-9])$/u.exec(code) ?? [];
  return place?.toLowerCase() ?? SIGN_BY_CODE[code] ?? typed;
}

function isSign(key: string): boolean {
  return key.length === 1 && key.toLowerCase() === key.toUpperCase();
}
