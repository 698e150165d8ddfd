// Which place of the image is to be previewed: where the pointer rests, while nothing is placed.

import { computed, effect, type ReadonlySignal, signal, untracked } from "@preact/signals-core";
import type { CommandContext } from "../commands/context";
import type { Point } from "../geometry/viewport";
import type { Store } from "../state/store";

/** What to preview follows from the state alone, so that it is right after undo or clear, too. */
export function askForPreviews({ store, actions, interaction }: CommandContext): () => void {
  const { draft, panning, picking } = interaction;
  /** Where the pointer was when an object was made: there it is that one wants to see. */
  const made = signal<Point | null>(null);
  const wanted: ReadonlySignal<Point | null> = computed(() => {
    const { points, box, has_mask } = store.document.value.prompts;
    const drawn = store.answer.value.candidates.length > 0;
    const untouched = points.length === 0 && box === null && !has_mask && !drawn;
    const busy = store.pending.value.length > 0 || draft.value !== null;
    const idle = !(busy || panning.value || picking.value);
    const asked = store.previewing.value && store.tool.value === "point";
    const able = store.kernelStatus.value === "ready" && store.image.value !== null;
    const at = store.hover.value;
    const rests = at?.x === made.value?.x && at?.y === made.value?.y;
    return untouched && idle && asked && able && !rests ? at : null;
  });
  const stops = [
    whenObjectsAreMade(store, () => {
      made.value = store.hover.peek();
    }),
    effect(() => {
      const point = wanted.value;
      untracked(() => actions.preview(point));
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Calls back when this view accepts, and when an object appears, whoever has made it. */
function whenObjectsAreMade(store: Store, callback: () => void): () => void {
  let known: ReadonlySet<string> = new Set();
  let image: string | undefined;
  return effect(() => {
    const accepts = store.pending.value.some(({ type }) => type === "accept");
    const ids = new Set(store.annotations.value.map(({ id }) => id));
    const another = image !== store.image.value?.id;
    const appeared = !another && [...ids].some((id) => !known.has(id));
    known = ids;
    image = store.image.value?.id;
    if (accepts || appeared) untracked(callback);
  });
}
