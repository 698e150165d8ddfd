// Masks as pixels, decoded from run-length strings once each; pure.

import type { Bytes } from "../protocol";
import { boundsOfRuns, type EncodedMask, eachStrip, parseRuns } from "./rle";

/** The part of a mask that holds its true pixels, row-major; everything around it is false. */
export interface Mask {
  /** Size of the whole mask. */
  readonly width: number;
  readonly height: number;
  /** Where `data` lies in it; an empty mask has no columns and no rows. */
  readonly left: number;
  readonly top: number;
  readonly columns: number;
  readonly rows: number;
  /** `rows * columns` bytes, 1 inside the mask and 0 outside. */
  readonly data: Uint8Array;
}

/** Throws MaskError for a malformed string. */
export function decodeMask(encoded: EncodedMask): Mask {
  const { width, height } = encoded;
  const runs = parseRuns(encoded);
  const bounds = boundsOfRuns(runs, height) ?? { left: 0, top: 0, right: 0, bottom: 0 };
  const { left, top } = bounds;
  const columns = bounds.right - left;
  const rows = bounds.bottom - top;
  const data = new Uint8Array(rows * columns);
  eachStrip(runs, height, (column, row, length) => {
    const stop = (row + length - top) * columns + column - left;
    for (let at = (row - top) * columns + column - left; at < stop; at += columns) data[at] = 1;
  });
  return { width, height, left, top, columns, rows, data };
}

/** Whether the mask holds the pixel (row, column); false outside it. */
export function maskHas(mask: Mask, row: number, column: number): boolean {
  const r = row - mask.top;
  const c = column - mask.left;
  if (r < 0 || c < 0 || r >= mask.rows || c >= mask.columns) return false;
  return mask.data[r * mask.columns + c] === 1;
}

/** A mask that knows its box: x, y, width, height in pixels of the original image. */
export interface BoxedMask extends EncodedMask {
  readonly bbox: readonly [number, number, number, number];
}

/** Whether the mask holds a point of the image, in pixels of that. Throws as decodeMask. */
export function holdsPoint(
  mask: BoxedMask,
  image: { readonly width: number; readonly height: number },
  point: { readonly x: number; readonly y: number },
): boolean {
  const [x, y, width, height] = mask.bbox;
  const near = point.x >= x - 1 && point.x <= x + width + 1;
  // Most masks are elsewhere, and are never decoded.
  if (!near || point.y < y - 1 || point.y > y + height + 1) return false;
  const column = Math.floor((point.x * mask.width) / image.width);
  const row = Math.floor((point.y * mask.height) / image.height);
  // The far border of the image belongs to its last pixels.
  return maskHas(maskOf(mask), Math.min(row, mask.height - 1), Math.min(column, mask.width - 1));
}

/** Masks by their bytes: bytes that arrive again are other bytes, and the old ones are collected. */
const decoded = new WeakMap<Bytes, Mask>();

/** The decoded mask, decoded once for as long as the bytes are in use. Throws as decodeMask. */
export function maskOf(encoded: EncodedMask): Mask {
  const known = decoded.get(encoded.rle);
  if (known && known.width === encoded.width && known.height === encoded.height) return known;
  const mask = decodeMask(encoded);
  decoded.set(encoded.rle, mask);
  return mask;
}
