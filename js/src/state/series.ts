// A series of images as a view sees it: where it is, and what is done.

import type { ImageStatus } from "../protocol";
import type { Store } from "./store";

/** The image on screen, or the one that is on its way there. */
export function placeOf(store: Store): number {
  return store.opening.value ?? store.series.value?.index ?? 0;
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
  const count = (letters: string) =>
    [...statuses].filter((letter) => letters.includes(letter)).length;
  const parts = [
    [count("d"), "done"],
    [count("s"), "skipped"],
    [count("te"), "to do"],
  ] as const;
  return parts.flatMap(([number, word]) => (number > 0 ? `${number} ${word}` : [])).join(", ");
}

/** Every image is done or skipped. */
export function isFinished(statuses: string): boolean {
  return !/[te]/u.test(statuses);
}

/** Which images the strip shows. */
export const FILTERS = ["all", "todo", "done", "empty"] as const;
export type ImageFilter = (typeof FILTERS)[number];

/**
 * Indices of the images that a filter leaves; null for all. `empty` has a digit for each image, 1
 * where there is no object; as long as that is not known all are shown.
 */
export function listed(
  statuses: string,
  filter: ImageFilter,
  empty: string | null,
): readonly number[] | null {
  const letters = { all: null, todo: "te", done: "d", empty: "1" }[filter];
  const from = filter === "empty" ? empty : statuses;
  if (letters === null || from === null) return null;
  return [...from].flatMap((letter, index) => (letters.includes(letter) ? [index] : []));
}
