// Zooming the view of a store: by pointer, by keyboard and from the toolbar alike.

import { type Box, type Point, panBy, viewOf, WHOLE_IMAGE, zoomAt } from "../geometry/viewport";
import type { Store } from "../state/store";

/** One press of a zoom button or key. */
export const ZOOM_STEP = 1.5;

/** The image point under `anchor` (stage pixels; default the stage's centre) stays where it is. */
export function zoomView(store: Store, factor: number, anchor?: Point): void {
  const image = store.image.value;
  const stage = store.stageSize.value;
  if (image === null) return;
  const around = anchor ?? { x: stage.width / 2, y: stage.height / 2 };
  store.view.value = zoomAt(store.view.value, factor, around, image, stage);
}

/** Moves the image by (dx, dy) stage pixels. */
export function panView(store: Store, dx: number, dy: number): void {
  const image = store.image.value;
  if (image === null) return;
  store.view.value = panBy(store.view.value, dx, dy, image, store.stageSize.value);
}

export function fitView(store: Store): void {
  store.view.value = WHOLE_IMAGE;
}

/** Shows a box, in image pixels, in the middle and with some room around it. */
export function showBox(store: Store, box: Box): void {
  const image = store.image.value;
  if (image === null) return;
  store.view.value = viewOf(box, image, store.stageSize.value);
}
