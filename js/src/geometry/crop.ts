// What part of the image a thumbnail shows, pure.

import type { Mask } from "./masks";
import type { Size } from "./viewport";

/** Where a mask lies in pixels of its own, and how large it is as a whole. */
export type Extent = Omit<Mask, "data">;

/** A square in image pixels; it may reach past the image where the masks are long and thin. */
export interface Crop {
  left: number;
  top: number;
  side: number;
}

/** Room around the masks, as a fraction of their larger side. */
const MARGIN = 0.15;
/** Smaller squares would show the picture as blocks. */
const LEAST_SIDE = 24;

/** The square around the union of `masks`, the same for all of them so that they compare. */
export function cropAround(masks: readonly Extent[], image: Size): Crop {
  const whole = Math.max(image.width, image.height);
  const shown = masks.filter((mask) => mask.columns > 0 && mask.rows > 0);
  if (shown.length === 0) return centred(image.width / 2, image.height / 2, whole, image);
  const x0 = Math.min(...shown.map((mask) => (mask.left * image.width) / mask.width));
  const y0 = Math.min(...shown.map((mask) => (mask.top * image.height) / mask.height));
  const x1 = Math.max(
    ...shown.map((mask) => ((mask.left + mask.columns) * image.width) / mask.width),
  );
  const y1 = Math.max(
    ...shown.map((mask) => ((mask.top + mask.rows) * image.height) / mask.height),
  );
  const needed = Math.max(x1 - x0, y1 - y0) * (1 + 2 * MARGIN);
  const side = Math.min(whole, Math.max(needed, LEAST_SIDE));
  return centred((x0 + x1) / 2, (y0 + y1) / 2, side, image);
}

function centred(x: number, y: number, side: number, image: Size): Crop {
  return {
    left: within(x - side / 2, side, image.width),
    top: within(y - side / 2, side, image.height),
    side,
  };
}

/** Kept inside the image if it fits there, centred on it if it does not. */
function within(start: number, side: number, length: number): number {
  if (side >= length) return (length - side) / 2;
  return Math.min(Math.max(start, 0), length - side);
}
