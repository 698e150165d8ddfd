// The radius of the brush and the eraser, in image pixels.

import type { Store } from "./store";

const LEAST_RADIUS = 0.5;
const LARGEST_RADIUS = 1000;
/** The brush, before the person chooses: this part of the image's longer side. */
const USUAL_PART = 1 / 60;

/** Brush radius in image pixels. */
export function brushRadiusOf(store: Store): number {
  const image = store.image.value;
  const usual = image ? Math.max(image.width, image.height) * USUAL_PART : 1;
  return store.brushRadius.value ?? Math.max(1, Math.round(usual));
}

/** One pixel or a sixth more or less, whichever is more. */
export function stepBrushRadius(store: Store, direction: 1 | -1): void {
  const radius = brushRadiusOf(store);
  const step = Math.max(radius <= 1 ? 0.5 : 1, Math.round(radius / 6));
  setBrushRadius(store, radius + direction * step);
}

export function setBrushRadius(store: Store, radius: number): void {
  store.brushRadius.value = Math.min(Math.max(radius, LEAST_RADIUS), LARGEST_RADIUS);
}
