// What to do next, in one line: true of the tool in hand and of what is on screen.

import { editTarget } from "../../state/edit-target";
import { hasMask, selectedAnnotations, takes } from "../../state/selectors";
import type { Store, ToolName } from "../../state/store";
import type { CommandContext } from "../context";
import { keysOf } from "../key-names";

type HintContext = Pick<CommandContext, "store" | "interaction">;

/** The next step with the present tool. */
export function hintFor(context: HintContext): string {
  if (context.interaction.picking.value) return "Click an object to select it; Shift adds";
  return HINTS[context.store.tool.value](context);
}

const HINTS: Readonly<Record<ToolName, (context: HintContext) => string>> = {
  point: ({ store }) => {
    if (hasMask(store)) return withMask(store, "click adds, right-click takes away");
    const box = takes(store, "box") ? ", drag for a box" : "";
    return `Click to include, right-click to exclude${box}`;
  },
  box: ({ store, interaction }) => {
    if (interaction.anchor.value) return "Move, then Enter sets the opposite corner";
    if (interaction.crosshair.value) return "Enter sets a corner of the box";
    return hasMask(store)
      ? withMask(store, "drag a side or corner to adjust the box")
      : "Drag a box around the object, from corner to corner";
  },
  pan: () => "Drag the picture; Ctrl + wheel zooms",
  select: ({ store }) => {
    if (store.annotations.value.length === 0) return "Nothing to select yet: accept a mask first";
    const count = store.selectedIds.value.size;
    if (count === 0) return "Click an object to select it, again for the one beneath; Shift adds";
    const them = count === 1 ? "it" : "them";
    const relabel = store.labels.value.length > 0 ? `a label key relabels ${them}, ` : "";
    return capitalised(`${relabel}Delete deletes ${them}; click again for the one beneath`);
  },
  brush: ({ store }) => painting(store, "paint on", "erases"),
  eraser: ({ store }) => painting(store, "erase from", "paints"),
  polygon: ({ store, interaction }) => {
    const corners = interaction.polygon.value.length / 2;
    if (corners > 2) return "Enter or a click on the first corner closes; Backspace takes one back";
    if (corners > 0) return "Click the next corner; Backspace takes one back";
    const target = editTarget(store);
    if (target === null) return SEVERAL;
    const what = store.subtracting.value ? "take away from" : "add to";
    return `Click the corners of an area to ${what} the ${target.name}`;
  },
  cut: ({ store }) => {
    const [annotation, ...others] = selectedAnnotations(store);
    if (others.length > 0) return SEVERAL;
    return annotation
      ? "Draw a line across the selected object to cut it in two"
      : "Select the object to cut first: Ctrl + click on it";
  },
  everything: ({ store }) => {
    const { busy, masks, selected } = store.everything;
    const count = selected.value.size;
    if (count > 0) {
      const label = store.label.value;
      return `Enter keeps ${count}${label && ` as ${label}`}; click again for the mask beneath`;
    }
    if (masks.value.length > 0) return "Click a mask to select it, right-click to add more";
    return busy.value
      ? "Masks appear as they are found"
      : "Press Find; drag a box to look only there";
  },
};

const SEVERAL = "Several objects are selected: select the one to edit";

/** What else can be done while a mask is on screen: to choose another one, or to accept it. */
function withMask(store: Store, more: string): string {
  const { candidates } = store.answer.value;
  const choose = candidates.length > 1 ? `${keysOf("choose-1")} choose, ` : "";
  return capitalised(`${choose}${acceptWords(store)}; ${more}`);
}

function acceptWords({ document, acceptOnLabel, labels }: Store): string {
  if (document.value.reopened !== null) return "Enter replaces the object";
  const byLabel = acceptOnLabel.value && labels.value.length > 0;
  return byLabel ? "a label key accepts" : "Enter accepts";
}

function painting(store: Store, does: string, alternate: string): string {
  const target = editTarget(store);
  return target === null ? SEVERAL : `Drag to ${does} the ${target.name}; Alt ${alternate}`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
