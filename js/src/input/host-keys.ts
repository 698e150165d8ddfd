// Which keys the host gets while focus is within the widget: all that the widget does not use, but
// no bare key, which would be a command to the notebook ("D D" deletes the cell with the widget).

import { isApple } from "../commands/platform";
import { type KeyPress, keyName, shortcutFor, typesSign } from "./key-press";

/** JupyterLab looks for this mark, from the focused element up, before it runs a shortcut. */
const MARK = "data-lm-suppress-shortcuts";

/** What a field of text does with keys and Control, or Command on Apple's keyboards. */
const EDITS = /^([acvxyz]|Arrow\w+|Home|End|Backspace|Delete|Insert)$/u;
const EDITS_BY_SHIFT = /^([vz]|Arrow\w+|Home|End|Backspace|Delete|Insert)$/u;
/** What it does on Apple's keyboards with Control, as Emacs does, and with Option. */
const EDITS_BY_CONTROL = /^[a-bd-fhkn-ptvy]$/u;
const EDITS_BY_OPTION = /^(.|Dead|Arrow\w+|Backspace|Delete)$/u;
/** What a list does with them. */
const PICKS = /^(a|Arrow\w+|Home|End| )$/u;
/** Named keys that are commands to one host or another; others, F5 for one, are nobody's here. */
const NAMED =
  /^(Enter|Escape|Tab|Backspace|Delete|Insert|Arrow\w+|Home|End|PageUp|PageDown|Dead|Process|Unidentified)$/u;

/** Whether the host gets a press that nothing in the widget has used. */
export function isForHost(press: KeyPress, target: Element, apple = isApple()): boolean {
  const { altKey, ctrlKey, metaKey, shiftKey } = press;
  const key = keyName(press);
  const commands = (ctrlKey || metaKey || altKey) && !typesSign(press);
  if (!commands) return key.length > 1 && !NAMED.test(key);
  const mod = apple ? metaKey : ctrlKey;
  if (target.closest("input, textarea, [contenteditable]")) {
    if (mod && (shiftKey ? EDITS_BY_SHIFT : EDITS).test(key)) return false;
    if (apple && ctrlKey && EDITS_BY_CONTROL.test(key)) return false;
    return !(apple && altKey && EDITS_BY_OPTION.test(key));
  }
  if (mod && PICKS.test(key) && target.closest("[role=grid], [role=listbox]")) return false;
  return shortcutFor(press, apple) === undefined;
}

/**
 * Keep JupyterLab from acting on keys that are not its own. It listens before the widget does, in
 * some of its versions, so the mark is set before anybody sees the press.
 */
export function hideKeysFromJupyter(root: HTMLElement, signal: AbortSignal): void {
  const mark = (element: Element, hidden: boolean) => {
    if (hidden) element.setAttribute(MARK, "true");
    else element.removeAttribute(MARK);
  };
  mark(root, true);
  const look = (event: KeyboardEvent) => {
    const way = event.composedPath();
    const inside = way.slice(0, way.indexOf(root) + 1).filter((place) => place instanceof Element);
    const [target] = inside;
    if (!target) return;
    const hidden = !isForHost(event, target);
    // Its selectors may fit the focused element itself, so the mark must be there as well.
    if (hidden) for (const element of [root, target]) mark(element, true);
    else for (const element of inside) mark(element, false);
  };
  globalThis.addEventListener("keydown", look, { capture: true, signal });
}
