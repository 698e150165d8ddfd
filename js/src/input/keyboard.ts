// Keys to shortcuts, while focus is within the widget. What nothing here has a use for is the host's.

import type { CommandContext } from "../commands/context";
import * as crosshair from "../commands/crosshair";
import { learnLayout, learnPress } from "../commands/keys/digits";
import { type Steps, watchSteps } from "../commands/keys/escape";
import type { Shortcut } from "../commands/shortcuts";
import { hideKeysFromJupyter, isForHost } from "./host-keys";
import { type KeyPress, shortcutFor, typesSign } from "./key-press";

export function mountKeyboard(
  root: HTMLElement,
  stage: HTMLElement,
  context: CommandContext,
  signal: AbortSignal,
): void {
  const view: View = {
    context,
    root,
    stage,
    spaceBar: new SpaceBar(context),
    steps: watchSteps(context),
  };
  hideKeysFromJupyter(root, signal);
  void askForLayout();
  root.addEventListener(
    "keydown",
    (event) => {
      learnFrom(event);
      const used = event.defaultPrevented || (!event.isComposing && pressed(event, view));
      if (used) event.preventDefault();
      if (used || !isForHost(event, targetOf(event, view))) event.stopPropagation();
    },
    { signal },
  );
  root.addEventListener(
    "keyup",
    (event) => {
      if (!isForHost(event, targetOf(event, view))) event.stopPropagation();
      if (event.key === " ") view.spaceBar.release();
    },
    { signal },
  );
  root.addEventListener("keypress", (event) => event.stopPropagation(), { signal });
  stage.addEventListener("blur", () => view.spaceBar.forget(), { signal });
  signal.addEventListener("abort", () => view.steps.stop(), { once: true });
}

/** What the keyboard types, where the browser tells: Chromium does, outside of foreign frames. */
async function askForLayout(): Promise<void> {
  const { keyboard } = navigator as Navigator & {
    keyboard?: { getLayoutMap(): Promise<ReadonlyMap<string, string>> };
  };
  try {
    const layout = await keyboard?.getLayoutMap();
    if (layout) learnLayout(layout);
  } catch {
    // Forbidden here. Presses will tell.
  }
}

function learnFrom(event: KeyboardEvent): void {
  const modified = event.ctrlKey || event.metaKey || event.altKey || typesSign(event);
  // Caps Lock is a Shift of its own to the digits of some keyboards.
  if (!(modified || event.getModifierState("CapsLock"))) learnPress(event);
}

interface View {
  readonly context: CommandContext;
  readonly root: HTMLElement;
  readonly stage: HTMLElement;
  readonly spaceBar: SpaceBar;
  readonly steps: Steps;
}

function targetOf({ target }: Event, { stage }: View): HTMLElement {
  return target instanceof HTMLElement ? target : stage;
}

/** True if the press was used up. */
function pressed(event: KeyboardEvent, view: View): boolean {
  const { context, root, stage, spaceBar, steps } = view;
  const target = targetOf(event, view);
  if (event.key === "Escape" && !hasModifier(event)) {
    stepBack(steps, root, stage, target);
    return true;
  }
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

/** One thing at a time, the latest first; when nothing is left focus leaves the widget. */
function stepBack(steps: Steps, root: HTMLElement, stage: HTMLElement, target: HTMLElement): void {
  if (target !== stage && isTypedInto(target)) stage.focus({ preventScroll: true });
  else if (!steps.stepBack()) leave(root, target);
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
