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
