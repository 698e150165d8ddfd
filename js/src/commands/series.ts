// What a person does to a series of images, from the strip and by key alike.

import type { ImageStatus } from "../protocol";
import { placeOf, statusOf } from "../state/series";
import type { ViewContext } from "./context";

export function stepImage({ store, actions }: ViewContext, by: number): void {
  const series = store.series.value;
  const target = placeOf(store) + by;
  if (series && target >= 0 && target < series.length) actions.goTo(target);
}

/** Marks the image and goes on to the next; one that is marked so already is to do again. */
export function finish(context: ViewContext, status: ImageStatus): void {
  const { store, actions } = context;
  const series = store.series.value;
  if (!series || store.opening.value !== null) return;
  const { index } = series;
  if (statusOf(series.statuses, index) === status) {
    actions.mark(index, "todo");
    return;
  }
  actions.mark(index, status);
  stepImage(context, +1);
}
