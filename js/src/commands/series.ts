// What a person does to a series of images, from the strip and by key alike.

import { hasUnaccepted } from "../state/selectors";
import { placeOf, statusOf } from "../state/series";
import type { Notice, Store } from "../state/store";
import type { ViewContext } from "./context";

export function stepImage({ store, actions }: ViewContext, by: number): void {
  const series = store.series.value;
  const target = placeOf(store) + by;
  if (series && target >= 0 && target < series.length) actions.goTo(target);
}

/** Said once, and over when something else is: doing the same again then means it. */
const UNACCEPTED: Notice = {
  text: "The mask on screen is not accepted.",
  hint: "Enter accepts it. Do the same again to go on without it.",
  kind: "info",
};

/**
 * Marks the image and goes on to the next; one that is marked so already stays so. What was not
 * accepted is pointed out first.
 */
export function finish({ store, actions }: ViewContext, status: "done" | "skipped"): void {
  const series = store.series.value;
  if (!series || store.opening.value !== null) return;
  if (hasUnaccepted(store) && store.notice.value !== UNACCEPTED) {
    store.notice.value = UNACCEPTED;
    return;
  }
  if (store.notice.value === UNACCEPTED) store.notice.value = null;
  const { index } = series;
  if (statusOf(series.statuses, index) !== status) actions.mark(index, status);
  stepImage({ store, actions }, +1);
}

const TAKEN_BACK: Notice = {
  text: "This image is to do again.",
  hint: "",
  kind: "info",
};

/** Takes the mark of the image back. */
export function takeUpAgain({ store, actions }: ViewContext): void {
  const series = store.series.value;
  if (!(series && isMarked(store)) || store.opening.value !== null) return;
  actions.mark(series.index, "todo");
  store.notice.value = TAKEN_BACK;
}

/** Whether the image on screen is done or skipped. */
export function isMarked({ series }: Store): boolean {
  const { statuses, index } = series.value ?? { statuses: "", index: 0 };
  return ["done", "skipped"].includes(statusOf(statuses, index));
}
