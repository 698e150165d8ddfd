// Keys to shortcuts. While focus is within the widget no key reaches the notebook.

import type { CommandContext } from "../commands/context";
import * as crosshair from "../commands/crosshair";
import { isApple } from "../commands/platform";
import { SHORTCUTS, type Shortcut } from "../commands/shortcuts";

/** What a shortcut needs to know of a key press. */
export type KeyPress = Pick<
  KeyboardEvent,
  "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey"
>;

export function mountKeyboard(
  root: HTMLElement,
  stage: HTMLElement,
  context: CommandContext,
  signal: AbortSignal,
): void {
  const spaceBar = new SpaceBar(context);
  root.addEventListener(
    "keydown",
    (event) => {
      event.stopPropagation();
      if (event.defaultPrevented || event.isComposing) return;
      if (pressed(event, context, root, stage, spaceBar)) event.preventDefault();
    },
    { signal },
  );
  root.addEventListener(
    "keyup",
    (event) => {
      event.stopPropagation();
      if (event.key === " ") spaceBar.release();
    },
    { signal },
  );
  root.addEventListener("keypress", (event) => event.stopPropagation(), { signal });
  stage.addEventListener("blur", () => spaceBar.forget(), { signal });
}

/** True if the press was used up. */
function pressed(
  event: KeyboardEvent,
  context: CommandContext,
  root: HTMLElement,
  stage: HTMLElement,
  spaceBar: SpaceBar,
): boolean {
  const target = event.target instanceof HTMLElement ? event.target : stage;
  if (event.key === "Escape") return stepBack(context, root, stage, target);
  if (keepsKey(target, event.key)) return false;
  if (event.key === " " && target === stage && !hasModifier(event)) {
    spaceBar.press(event.repeat);
    return true;
  }
  const shortcut = shortcutFor(event);
  // Behind the open help nothing may happen unseen.
  if (!shortcut || (context.store.helpOpen.value && shortcut.id !== "help")) return false;
  if (shortcut.when?.(context.store) === false) return false;
  if (!event.repeat || repeats(shortcut)) shortcut.run(context);
  return true;
}

/** The shortcut that a key press means, if any. */
export function shortcutFor(press: KeyPress, apple = isApple()): Shortcut | undefined {
  const find = (name: string) => SHORTCUTS.find(({ keys }) => keys.includes(name));
  return find(pressName(press, apple)) ?? find(shiftedDigit(press));
}

/** "Shift+1" for what Shift makes of a digit's key, or what it bears beside its digit; else "". */
function shiftedDigit({ key, code, ctrlKey, metaKey, altKey }: KeyPress): string {
  const digit = /^Digit([0-9])$/u.exec(code)?.[1];
  const plain = !(ctrlKey || metaKey || altKey);
  return digit && plain && key !== digit ? `Shift+${digit}` : "";
}

/** As in Shortcut.keys. */
function pressName(press: KeyPress, apple: boolean): string {
  const key = keyName(press);
  const isSign = key.length === 1 && key.toLowerCase() === key.toUpperCase();
  // AltGr, which types "[" on many keyboards, reports itself as Control and Alt together.
  const typed = isSign && press.ctrlKey && press.altKey;
  const mod = apple ? press.metaKey : press.ctrlKey;
  const other = apple ? press.ctrlKey : press.metaKey;
  let name = "";
  if (!typed && other) name += "Other+";
  if (!typed && press.altKey && !(apple && isSign)) name += "Alt+";
  if (!typed && mod) name += "Mod+";
  if (press.shiftKey && !isSign) name += "Shift+";
  return name + key;
}

/** Letters by what they are on a Latin keyboard, whatever script is being typed. */
function keyName({ key, code }: KeyPress): string {
  const letter = /^Key([A-Z])$/u.exec(code)?.[1];
  if (letter && key.length === 1 && !/[a-z]/iu.test(key)) return letter.toLowerCase();
  return key.length === 1 ? key.toLowerCase() : key;
}

function hasModifier({ ctrlKey, metaKey, altKey, shiftKey }: KeyPress): boolean {
  return ctrlKey || metaKey || altKey || shiftKey;
}

/** Held down, a key that adds or removes something must do so once. */
function repeats({ id }: Shortcut): boolean {
  return /^(move-A|nudge-|zoom-|opacity-|undo|redo|image-next|image-previous)/u.test(id);
}

const TYPED_INTO = "input, textarea, select";
const PRESSED = "button, a[href], summary, [role=button]";

function isTypedInto(target: HTMLElement): boolean {
  return target.matches(TYPED_INTO) || target.isContentEditable;
}

/** Keys that the focused element itself has a use for. */
function keepsKey(target: HTMLElement, key: string): boolean {
  if (isTypedInto(target)) {
    const type = target instanceof HTMLInputElement ? target.type : "text";
    if (type === "checkbox" || type === "radio") return key === " " || key === "Enter";
    if (type === "range") return /^(Arrow|Page|Home|End)/u.test(key);
    return true;
  }
  return target.closest(PRESSED) !== null && (key === " " || key === "Enter");
}

/** One thing at a time, the most passing one first; when nothing is left focus leaves the widget. */
function stepBack(
  { store, interaction }: CommandContext,
  root: HTMLElement,
  stage: HTMLElement,
  target: HTMLElement,
): boolean {
  if (store.helpOpen.value) store.helpOpen.value = false;
  else if (interaction.cancelDrag()) return true;
  else if (interaction.polygon.value.length > 0) interaction.polygon.value = [];
  else if (target !== stage && isTypedInto(target)) stage.focus({ preventScroll: true });
  else if (interaction.anchor.value) interaction.anchor.value = null;
  else if (interaction.crosshair.value) interaction.crosshair.value = null;
  else if (store.activePrompt.value) store.activePrompt.value = null;
  else if (store.selectedIds.value.size > 0) store.selectedIds.value = new Set();
  else if (store.layout.fullWindow.value) store.layout.fullWindow.value = false;
  else leave(root, target);
  return true;
}

/** Focus goes to what holds the widget, a notebook's cell for one, so that its keys work again. */
function leave(root: HTMLElement, target: HTMLElement): void {
  target.blur();
  root.parentElement?.closest<HTMLElement>("[tabindex]")?.focus({ preventScroll: true });
}

/** Tapped it sets an include point at the crosshair; held down it turns drags into panning. */
class SpaceBar {
  readonly #context: CommandContext;
  #viewBefore: unknown = null;

  constructor(context: CommandContext) {
    this.#context = context;
  }

  press(repeated: boolean): void {
    const { store, interaction } = this.#context;
    if (repeated || interaction.panning.value) return;
    this.#viewBefore = store.view.value;
    interaction.panning.value = true;
  }

  release(): void {
    const { store, interaction } = this.#context;
    if (!interaction.panning.value) return;
    interaction.panning.value = false;
    const panned = store.view.value !== this.#viewBefore;
    if (panned || interaction.crosshair.value === null) return;
    if (store.tool.value === "box") crosshair.placeCorner(this.#context);
    else crosshair.placePoint(this.#context, true);
  }

  forget(): void {
    this.#context.interaction.panning.value = false;
  }
}
