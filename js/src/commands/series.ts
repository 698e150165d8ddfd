// What a person does to a series of images, from the strip and by key alike.

import type { ImageStatus } from "../protocol";
import type { Actions, Store } from "../state/store";

/** The image on screen, or the one that is on its way there. */
export function placeOf(store: Store): number {
  return store.opening.value ?? store.series.value?.index ?? 0;
}

export function stepImage(store: Store, actions: Actions, by: number): void {
  const series = store.series.value;
  const target = placeOf(store) + by;
  if (series && target >= 0 && target < series.length) actions.goTo(target);
}

/** Marks the image and goes on to the next; one that is marked so already is to do again. */
export function finish(store: Store, actions: Actions, status: ImageStatus): void {
  const series = store.series.value;
  if (!series || store.opening.value !== null) return;
  const { index } = series;
  if (statusOf(series.statuses, index) === status) {
    actions.mark(index, "todo");
    return;
  }
  actions.mark(index, status);
  stepImage(store, actions, +1);
}

const STATUSES: Record<string, ImageStatus | "unreadable"> = {
  t: "todo",
  d: "done",
  s: "skipped",
  e: "unreadable",
};

export function statusOf(statuses: string, index: number): ImageStatus | "unreadable" {
  return STATUSES[statuses.charAt(index)] ?? "todo";
}

/** "3 done, 1 skipped, 16 to do". */
export function summary(statuses: string): string {
  const count = (letters: string) => [...statuses].filter((one) => letters.includes(one)).length;
  const parts = [
    [count("d"), "done"],
    [count("s"), "skipped"],
    [count("te"), "to do"],
  ] as const;
  return parts.flatMap(([number, word]) => (number > 0 ? `${number} ${word}` : [])).join(", ");
}
