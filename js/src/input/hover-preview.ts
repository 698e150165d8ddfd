// Which place of the image is to be previewed: where the pointer rests, while nothing is placed.

import { computed, effect, type ReadonlySignal, untracked } from "@preact/signals-core";
import type { CommandContext } from "../commands/context";
import type { Point } from "../geometry/viewport";

/** What to preview follows from the state alone, so that it is right after undo or clear, too. */
export function askForPreviews({ store, actions, interaction }: CommandContext): () => void {
  const { draft, panning } = interaction;
  const wanted: ReadonlySignal<Point | null> = computed(() => {
    const { points, box, has_mask } = store.document.value.prompts;
    const drawn = store.answer.value.candidates.length > 0;
    const untouched = points.length === 0 && box === null && !has_mask && !drawn;
    const idle = store.pending.value.length === 0 && draft.value === null && !panning.value;
    const asked = store.previewing.value && store.tool.value === "point";
    const able = store.kernelStatus.value === "ready" && store.image.value !== null;
    return untouched && idle && asked && able ? store.hover.value : null;
  });
  return effect(() => {
    const point = wanted.value;
    untracked(() => actions.preview(point));
  });
}
