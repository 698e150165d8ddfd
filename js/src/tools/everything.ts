// Points at what everything mode found: a click selects the smallest mask under it, further clicks
// at the place the larger ones beneath, in turn; a drag draws the region that a run is limited to.

import { boxFromCorners, isDrawable } from "../geometry/boxes";
import type { Box } from "../geometry/viewport";
import { type EverythingMode, masksAt } from "../state/everything";
import type { Drag, Sample, Tool, ToolContext } from "./tool";

/** Clicks nearer to the last one (CSS pixels) go down the stack. */
const SAME_PLACE = 5;

let last: { readonly mode: EverythingMode; readonly x: number; readonly y: number } | null = null;

export const everythingTool: Tool = {
  name: "everything",

  down(press, context): Drag {
    const { draft } = context.interaction;
    const band = (sample: Sample): Box => boxFromCorners(press.image, sample.image);
    return {
      move(sample) {
        if (sample.travelled && !press.exclude) draft.value = { kind: "box", box: band(sample) };
      },
      up(sample) {
        draft.value = null;
        if (!sample.travelled) {
          select(sample, context);
          return;
        }
        const box = band(sample);
        if (!press.exclude && isDrawable(box, context.transform())) {
          context.store.everything.region.value = box;
        }
      },
      cancel() {
        draft.value = null;
      },
    };
  },

  cursor() {
    return "pointer";
  },
};

function select(sample: Sample, { store }: ToolContext): void {
  const mode = store.everything;
  const image = store.image.value;
  if (!image) return;
  const stack = masksAt(mode, image, sample.image);
  const [top] = stack;
  const chosen = mode.selected.value;
  if (top === undefined) {
    if (!sample.exclude) mode.selected.value = new Set();
  } else if (sample.exclude) {
    const next = new Set(chosen);
    if (!next.delete(top)) next.add(top);
    mode.selected.value = next;
  } else {
    const { x, y } = sample.stage;
    const again = last?.mode === mode && Math.hypot(last.x - x, last.y - y) <= SAME_PLACE;
    const at = again ? stack.findIndex((row) => chosen.has(row)) : -1;
    mode.selected.value = new Set([stack[(at + 1) % stack.length] ?? top]);
  }
  last = { mode, x: sample.stage.x, y: sample.stage.y };
}
