// Every key and every pointer gesture of the widget, once: keyboard.ts runs the keys, the help and
// the tooltips show both.

import * as crosshair from "./crosshair";
import type { Interaction } from "./interaction";
import { toggleEverything } from "./panels/everything";
import { isApple } from "./platform";
import { shownPrompts } from "./provisional";
import { type Actions, type Store, togglePreviews } from "./store";
import { fitView, ZOOM_STEP } from "./zoom";

export interface ShortcutContext {
  readonly store: Store;
  readonly actions: Actions;
  readonly interaction: Interaction;
}

export type ShortcutGroup = "Masks" | "Prompts" | "Tools" | "View" | "Without a pointer";

export interface Shortcut {
  readonly id: string;
  readonly group: ShortcutGroup;
  /**
   * Any of these presses: names as in KeyboardEvent.key, letters in lower case, after "Mod+"
   * (Control, or Command on Apple's keyboards), "Ctrl+" or "Shift+". Shift is ignored for signs.
   */
  readonly keys: readonly string[];
  /** What it does, in the words of the help. */
  readonly label: string;
  /** Shown in the help instead of `keys`, e.g. "1 2 3"; "" keeps it out of the help. */
  readonly shown?: string;
  run(context: ShortcutContext): void;
}

function choose(index: number, shown: string): Shortcut {
  return {
    id: `choose-${index + 1}`,
    group: "Masks",
    keys: [`${index + 1}`],
    label: "Choose mask 1, 2 or 3: part of a part, part, whole",
    shown,
    run: ({ store, actions }) => {
      // Fast fingers choose among candidates that are still to come.
      const coming = store.status.value === "predicting";
      if (coming || index < store.prediction.value.candidates.length) actions.choose(index);
    },
  };
}

function arrow(key: string, dx: number, dy: number, fine: boolean): Shortcut {
  const name = fine ? "Shift+Arrows" : "Arrows";
  return {
    id: `${fine ? "nudge" : "move"}-${key}`,
    group: "Without a pointer",
    keys: [fine ? `Shift+${key}` : key],
    label: fine ? "Move the crosshair by one image pixel" : "Show and move the crosshair",
    // The help lists the four as one.
    shown: key === "ArrowLeft" ? name : "",
    run: (context) => crosshair.moveBy(context, dx, dy, fine),
  };
}

const ARROWS = [
  ["ArrowLeft", -1, 0],
  ["ArrowRight", 1, 0],
  ["ArrowUp", 0, -1],
  ["ArrowDown", 0, 1],
] as const;

export const SHORTCUTS: readonly Shortcut[] = [
  choose(0, "1 2 3"),
  choose(1, ""),
  choose(2, ""),
  {
    id: "accept",
    group: "Masks",
    keys: ["Enter"],
    label: "Accept the object under the current label",
    run: acceptOrCorner,
  },
  {
    id: "undo",
    group: "Prompts",
    keys: ["Mod+z"],
    label: "Undo",
    run: ({ actions }) => actions.undo(),
  },
  {
    id: "redo",
    group: "Prompts",
    keys: ["Mod+Shift+z", "Mod+y"],
    label: "Redo",
    run: ({ actions }) => actions.redo(),
  },
  {
    id: "delete",
    group: "Prompts",
    keys: ["Delete", "Backspace"],
    label: "Delete the prompt under the pointer, or the last one",
    run: deletePrompt,
  },
  {
    id: "clear",
    group: "Prompts",
    keys: ["c"],
    label: "Clear all prompts",
    run: ({ actions }) => actions.clear(),
  },
  {
    id: "tool-point",
    group: "Tools",
    keys: ["p"],
    label: "Point tool: click for points, drag for a box",
    run: ({ store }) => {
      store.tool.value = "point";
    },
  },
  {
    id: "tool-box",
    group: "Tools",
    keys: ["b"],
    label: "Box tool: drag for a box, clicks do nothing",
    run: ({ store }) => {
      store.tool.value = "box";
    },
  },
  {
    id: "tool-pan",
    group: "Tools",
    keys: ["h"],
    label: "Pan tool: drag moves the image",
    run: ({ store }) => {
      store.tool.value = "pan";
    },
  },
  {
    id: "everything",
    group: "Tools",
    keys: ["e"],
    label: "Everything: find all masks, or close it again",
    run: toggleEverything,
  },
  {
    id: "zoom-in",
    group: "View",
    keys: ["+", "="],
    label: "Zoom in",
    shown: "+",
    run: (context) => crosshair.zoom(context, ZOOM_STEP),
  },
  {
    id: "zoom-out",
    group: "View",
    keys: ["-", "_"],
    label: "Zoom out",
    shown: "-",
    run: (context) => crosshair.zoom(context, 1 / ZOOM_STEP),
  },
  {
    id: "zoom-fit",
    group: "View",
    keys: ["0"],
    label: "Show the whole image",
    run: ({ store }) => fitView(store),
  },
  {
    id: "opacity-down",
    group: "View",
    keys: ["["],
    label: "Mask more transparent",
    run: ({ store }) => changeOpacity(store, -0.1),
  },
  {
    id: "opacity-up",
    group: "View",
    keys: ["]"],
    label: "Mask more opaque",
    run: ({ store }) => changeOpacity(store, 0.1),
  },
  {
    id: "outline",
    group: "View",
    keys: ["o"],
    label: "Show or hide the outline",
    run: ({ store }) => {
      store.outline.value = !store.outline.value;
    },
  },
  {
    id: "hover-toggle",
    group: "View",
    keys: ["v"],
    label: "Preview masks under the pointer, or not",
    run: ({ store }) => togglePreviews(store),
  },
  {
    id: "help",
    group: "View",
    keys: ["?"],
    label: "Show or hide this help",
    run: ({ store }) => {
      store.helpOpen.value = !store.helpOpen.value;
    },
  },
  {
    id: "escape",
    group: "View",
    keys: ["Escape"],
    label: "Cancel what is under way; once more, leave the widget",
    run: ({ store }) => {
      store.helpOpen.value = false;
    },
  },
  ...ARROWS.map(([key, dx, dy]) => arrow(key, dx, dy, false)),
  ...ARROWS.map(([key, dx, dy]) => arrow(key, dx, dy, true)),
  {
    id: "include",
    group: "Without a pointer",
    keys: ["i"],
    shown: "Space or I",
    label: "Include point at the crosshair",
    run: (context) => crosshair.placePoint(context, true),
  },
  {
    id: "exclude",
    group: "Without a pointer",
    keys: ["x"],
    label: "Exclude point at the crosshair",
    run: (context) => crosshair.placePoint(context, false),
  },
  {
    id: "box-corner",
    group: "Without a pointer",
    keys: [],
    shown: "B, Enter, Enter",
    label: "Box: Enter sets one corner, then, after moving, the other",
    run: () => undefined,
  },
  {
    id: "next-prompt",
    group: "Without a pointer",
    keys: ["n"],
    label: "Select the next prompt",
    run: crosshair.selectNextPrompt,
  },
  {
    id: "move-prompt",
    group: "Without a pointer",
    keys: ["m"],
    label: "Move the selected point to the crosshair",
    run: crosshair.moveSelectedPoint,
  },
];

/** For the help: what the pointer does on the image. */
export const POINTER_GESTURES: readonly { gesture: string; label: string }[] = [
  { gesture: "Click", label: "Include point" },
  { gesture: "Right-click or Alt+click", label: "Exclude point" },
  { gesture: "Drag", label: "Box" },
  { gesture: "Drag a point", label: "Move it" },
  { gesture: "Drag a box side or corner", label: "Resize it" },
  { gesture: "Drag just inside a box border", label: "Move the box" },
  { gesture: "Ctrl or Cmd + wheel, pinch", label: "Zoom at the pointer" },
  { gesture: "Space + drag, middle drag, two fingers", label: "Pan" },
  { gesture: "Long press (touch, pen)", label: "Exclude point" },
];

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

/** In the box tool the keyboard's crosshair needs a corner first; anywhere else Enter accepts. */
function acceptOrCorner(context: ShortcutContext): void {
  const { store, actions, interaction } = context;
  if (store.tool.value === "box" && interaction.crosshair.value) {
    crosshair.placeCorner(context);
  } else if (hasPrompts(store)) {
    actions.accept(store.label.value === "" ? null : store.label.value);
  }
}

/** With prompts there are candidates, now or once the answer has come: gestures keep their order. */
function hasPrompts(store: Store): boolean {
  const { prompts } = store.document.value;
  const { points, box } = shownPrompts(prompts, store.pending.value);
  return points.length > 0 || box !== null || prompts.has_mask;
}

function deletePrompt({ store, actions }: ShortcutContext): void {
  const { prompts } = store.document.value;
  const { points, box } = shownPrompts(prompts, store.pending.value);
  const active = store.activePrompt.value;
  store.activePrompt.value = null;
  if (active?.kind === "point" && active.index < points.length) actions.removePoint(active.index);
  else if (active?.kind === "box" && box) actions.removeBox();
  else if (points.length > 0) actions.removePoint(points.length - 1);
  else if (box) actions.removeBox();
  else if (prompts.has_mask) actions.removeMask();
}

function changeOpacity(store: Store, step: number): void {
  const opacity = Math.min(Math.max(store.opacity.value + step, 0), 1);
  store.opacity.value = Math.round(opacity * 100) / 100;
}
