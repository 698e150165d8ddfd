// What the state forgets by itself, because what it was about is gone.

import { effect } from "@preact/signals-core";
import { WHOLE_IMAGE } from "../geometry/viewport";
import type { Interaction } from "./interaction";
import type { Store } from "./store";

/** Keep it up until what is returned is called. */
export function forgetWhatIsGone(store: Store, interaction: Interaction): () => void {
  const stops = [
    clearNoticeOnAnswer(store),
    forgetGoneAnnotations(store),
    resetOnAnotherImage(store),
    forgetPolygon(store, interaction),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** What is gone can neither be selected nor stay so. */
function forgetGoneAnnotations(store: Store): () => void {
  return store.annotations.subscribe((annotations) => {
    const selection = store.selectedIds.peek();
    if (selection.size === 0) return;
    const there = new Set(annotations.map(({ id }) => id));
    const kept = [...selection].filter((id) => there.has(id));
    if (kept.length < selection.size) store.selectedIds.value = new Set(kept);
  });
}

/** A view of one image says nothing about another. */
function resetOnAnotherImage(store: Store): () => void {
  let shown: string | undefined;
  return effect(() => {
    const id = store.image.value?.id;
    if (shown !== undefined && id !== shown) {
      store.view.value = WHOLE_IMAGE;
      store.hover.value = null;
    }
    shown = id;
  });
}

/** A polygon under way ends with its tool and with its image. */
function forgetPolygon(store: Store, interaction: Interaction): () => void {
  let begun = "";
  return effect(() => {
    const now = `${store.tool.value} ${store.image.value?.id}`;
    if (now !== begun) interaction.polygon.value = [];
    begun = now;
  });
}

/** A notice speaks of the last thing done: the next answer makes it old. */
function clearNoticeOnAnswer(store: Store): () => void {
  return store.answer.subscribe(({ revision }) => {
    if (revision > 0) store.notice.value = null;
  });
}
