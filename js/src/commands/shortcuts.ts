// Every key of the widget, once: input/keyboard.ts runs them, the help and the tooltips show them.

import { takes } from "../state/selectors";
import type { Store, ToolName } from "../state/store";
import { finishOrAccept } from "./accept";
import { chooseLabel, duplicateSelected, jumpToSelected, toggleSelected } from "./annotations";
import { lessOrMore, togglePreviews } from "./appearance";
import type { CommandContext } from "./context";
import * as crosshair from "./crosshair";
import { toggleEverything } from "./everything";
import { toggleFullWindow } from "./full-window";
import { deletePrompt } from "./prompts";
import { finish, isMarked, stepImage, takeUpAgain } from "./series";
import { fitView, ZOOM_STEP } from "./zoom";

export type ShortcutGroup =
  | "Masks"
  | "Prompts"
  | "Objects"
  | "Images"
  | "Tools"
  | "Editing"
  | "View"
  | "Without a pointer";

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
  /** Absent: always. Where it does not hold the key is left to the browser. */
  when?(store: Store): boolean;
  run(context: CommandContext): void;
}

const inSeries = (store: Store): boolean => store.series.value !== null;

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
      if (coming || index < store.answer.value.candidates.length) actions.choose(index);
    },
  };
}

/**
 * Digits choose masks; what else the same keys type chooses labels, whatever sign that is: with Shift,
 * or without it where digits need Shift. input/key-press.ts names such a press "Shift+1", unless the
 * sign itself is a shortcut.
 */
function label(index: number): Shortcut {
  return {
    id: `label-${index + 1}`,
    group: "Objects",
    keys: [`Shift+${index + 1}`],
    label: "Label 1 to 9: of the mask on screen, else of the selected objects, else of the next",
    // The help lists them as one, and key-names.ts says how on this keyboard.
    ...(index > 0 && { shown: "" }),
    run: (context) => {
      const name = context.store.labels.value[index];
      if (name !== undefined) chooseLabel(context, name);
    },
  };
}

export const LABELS_WITH_KEY = 9;

function tool(name: ToolName, group: ShortcutGroup, key: string, words: string): Shortcut {
  return {
    id: `tool-${name}`,
    group,
    keys: [key],
    label: words,
    run: ({ store }) => {
      store.tool.value = name;
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
    run: finishOrAccept,
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
    label:
      "Delete the prompt under the pointer, or the last one, or a polygon's last corner, or else " +
      "the selected objects",
    run: deletePrompt,
  },
  {
    id: "clear",
    group: "Prompts",
    keys: ["c"],
    label: "Clear all prompts",
    run: ({ actions }) => actions.clear(),
  },
  ...Array.from({ length: LABELS_WITH_KEY }, (_, index) => label(index)),
  {
    id: "objects-hide",
    group: "Objects",
    keys: ["Shift+h"],
    label: "Hide or show the selected objects",
    run: toggleSelected,
  },
  {
    id: "objects-duplicate",
    group: "Objects",
    keys: ["Shift+c"],
    label: "Duplicate the selected object",
    run: duplicateSelected,
  },
  {
    id: "objects-jump",
    group: "Objects",
    keys: ["j"],
    label: "Zoom to the selected objects",
    run: ({ store }) => jumpToSelected(store),
  },
  {
    id: "objects-list",
    group: "Objects",
    keys: [],
    shown: "Arrows, Space, Ctrl+A, F2",
    label: "In the list: move, select, select all, rename; with Shift a range",
    run: () => undefined,
  },
  {
    id: "image-next",
    group: "Images",
    keys: ["PageDown"],
    label: "Next image of a series",
    when: inSeries,
    run: (context) => stepImage(context, +1),
  },
  {
    id: "image-previous",
    group: "Images",
    keys: ["PageUp"],
    label: "Previous image",
    when: inSeries,
    run: (context) => stepImage(context, -1),
  },
  {
    id: "image-done",
    group: "Images",
    keys: ["Shift+d"],
    label: "Mark the image as done, and go to the next",
    when: inSeries,
    run: (context) => finish(context, "done"),
  },
  {
    id: "image-skip",
    group: "Images",
    keys: ["Shift+s"],
    label: "Skip the image, and go to the next",
    when: inSeries,
    run: (context) => finish(context, "skipped"),
  },
  {
    id: "image-todo",
    group: "Images",
    keys: ["Shift+u"],
    label: "Set the image back to “to do”",
    when: isMarked,
    run: takeUpAgain,
  },
  tool("point", "Tools", "p", "Point tool: click for points, drag for a box"),
  {
    id: "tool-box",
    group: "Tools",
    keys: ["b"],
    label: "Box tool: drag for a box, clicks do nothing",
    run: ({ store }) => {
      if (takes(store, "box")) store.tool.value = "box";
    },
  },
  tool("pan", "Tools", "h", "Pan tool: drag moves the image"),
  tool(
    "select",
    "Tools",
    "l",
    "Select tool: click objects in the picture, again for the next one beneath",
  ),
  {
    id: "everything",
    group: "Tools",
    keys: ["a"],
    label: "Everything: find all masks, or close it again",
    run: toggleEverything,
  },
  tool("brush", "Editing", "d", "Brush: draw on the mask; with Alt or the right button, erase"),
  tool("eraser", "Editing", "e", "Eraser: rub parts of the mask out"),
  tool(
    "polygon",
    "Editing",
    "g",
    "Polygon: click its corners; Enter, a double-click or the first corner closes it",
  ),
  {
    id: "polygon-subtract",
    group: "Editing",
    keys: ["s"],
    label: "Polygon adds, or subtracts",
    run: ({ store }) => {
      store.subtracting.value = !store.subtracting.value;
    },
  },
  tool("cut", "Editing", "k", "Knife: draw a line that cuts the selected object in two"),
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
    id: "full-window",
    group: "View",
    keys: ["f"],
    label: "Fill the window with the widget, or give it back",
    run: ({ store }) => toggleFullWindow(store),
  },
  {
    id: "opacity-down",
    group: "View",
    keys: ["["],
    label: "Mask more transparent; with the brush or eraser: smaller",
    run: ({ store }) => lessOrMore(store, -1),
  },
  {
    id: "opacity-up",
    group: "View",
    keys: ["]"],
    label: "Mask more opaque; with the brush or eraser: larger",
    run: ({ store }) => lessOrMore(store, 1),
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
