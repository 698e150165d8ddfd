// COCO run-length strings (RLE), pure. Runs go down the columns, zeros first; the string stores
// differences between every second run in base 32, least significant digit first.

import type { Bytes } from "../protocol";

/** What travels: the run-length string and the size of the mask it describes. */
export interface EncodedMask {
  readonly rle: Bytes;
  readonly width: number;
  readonly height: number;
}

export function isSameMask(first: EncodedMask, second: EncodedMask): boolean {
  const length = first.rle.byteLength;
  const sameSize = first.width === second.width && first.height === second.height;
  if (!sameSize || second.rle.byteLength !== length) return false;
  for (let at = 0; at < length; at++) {
    if (first.rle.getUint8(at) !== second.rle.getUint8(at)) return false;
  }
  return true;
}

/** Rows and columns that hold something, end exclusive. */
export interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** As many pixels as Python accepts: more is not an image but a mistake. */
const MOST_PIXELS = 2 ** 27;
/** Five bits each: enough for any run of a mask that is not too large. */
const MOST_DIGITS = 6;
const FIRST_DIGIT = 48;

export class MaskError extends Error {
  override name = "MaskError";
}

/** The lengths of the runs. Throws MaskError unless they fill width * height exactly. */
export function parseRuns({ rle, width, height }: EncodedMask): Uint32Array {
  const pixels = countPixels(width, height);
  const runs = new Uint32Array(rle.byteLength);
  let count = 0;
  let total = 0;
  let start = 0;
  while (start < rle.byteLength) {
    const end = endOfRun(rle, start);
    const previous = count > 2 ? (runs[count - 2] ?? 0) : 0;
    const run = previous + readNumber(rle, start, end);
    total += run;
    if (run < 0 || total > pixels) {
      throw new MaskError(`Run ${count} leaves the mask of ${width} x ${height} pixels.`);
    }
    runs[count] = run;
    count += 1;
    start = end;
  }
  if (total !== pixels) {
    throw new MaskError(`The runs cover ${total} of ${width} x ${height} pixels.`);
  }
  return runs.subarray(0, count);
}

function countPixels(width: number, height: number): number {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new MaskError(`A mask has whole sides above 0, got ${width} x ${height}.`);
  }
  const pixels = width * height;
  if (pixels > MOST_PIXELS) {
    throw new MaskError(`A mask has at most ${MOST_PIXELS} pixels, got ${width} x ${height}.`);
  }
  return pixels;
}

/** One past the last digit of the number that begins at `start`: the first one that says "no more". */
function endOfRun(rle: Bytes, start: number): number {
  for (let at = start; at < rle.byteLength; at++) {
    const digit = rle.getUint8(at) - FIRST_DIGIT;
    if (digit < 0 || digit > 63) {
      throw new MaskError(`Byte ${at} of the run-length string is no digit.`);
    }
    if (at - start >= MOST_DIGITS) break;
    if ((digit & 32) === 0) return at + 1;
  }
  throw new MaskError(`The number at byte ${start} of the run-length string has no end.`);
}

function readNumber(rle: Bytes, start: number, end: number): number {
  let value = 0;
  let shift = 0;
  for (let at = start; at < end; at++) {
    value |= ((rle.getUint8(at) - FIRST_DIGIT) & 31) << shift;
    shift += 5;
  }
  // The last digit's top bit is the sign.
  const negative = ((rle.getUint8(end - 1) - FIRST_DIGIT) & 16) !== 0;
  return negative ? value | (-1 << shift) : value;
}

/** Calls `visit` with the first and one past the last pixel, column-major, of every run of ones. */
function eachRun(runs: Uint32Array, visit: (start: number, end: number) => void): void {
  let position = 0;
  for (let index = 0; index < runs.length; index++) {
    const end = position + (runs[index] ?? 0);
    if ((index & 1) === 1 && end > position) visit(position, end);
    position = end;
  }
}

/** Rows and columns that hold something; null if none do. */
export function boundsOfRuns(runs: Uint32Array, height: number): Bounds | null {
  let left = Number.POSITIVE_INFINITY;
  let top = height;
  let right = 0;
  let bottom = 0;
  eachRun(runs, (start, end) => {
    const first = Math.floor(start / height);
    const last = Math.floor((end - 1) / height);
    left = Math.min(left, first);
    right = last + 1;
    // A run that goes on in the next column reaches both the bottom and the top.
    top = Math.min(top, first === last ? start - first * height : 0);
    bottom = Math.max(bottom, first === last ? end - first * height : height);
  });
  return right > 0 ? { left, top, right, bottom } : null;
}

/**
 * Sets `value` where the mask is true in `picture`, a row-major picture of the mask's size, within
 * `bounds`, without ever holding the mask itself: hundreds of annotations are painted this way.
 */
export function paintRunsWithin(
  runs: Uint32Array,
  height: number,
  picture: Uint32Array,
  value: number,
  { left, top, right, bottom }: Bounds,
): void {
  const width = picture.length / height;
  eachStrip(runs, height, (column, row, length) => {
    if (column < left || column >= right) return;
    const stop = Math.min(row + length, bottom) * width + column;
    for (let at = Math.max(row, top) * width + column; at < stop; at += width) {
      picture[at] = value;
    }
  });
}

/**
 * Whether the mask is true at columns x rows, both ascending, as a row-major picture of 1 and 0;
 * places outside the mask are 0. It costs a walk along the runs, however large the mask is.
 */
export function sampleRuns(
  runs: Uint32Array,
  { width, height }: { readonly width: number; readonly height: number },
  columns: ArrayLike<number>,
  rows: ArrayLike<number>,
): Uint8Array {
  const picture = new Uint8Array(columns.length * rows.length);
  let index = 0;
  let end = runs[0] ?? 0;
  for (let across = 0; across < columns.length; across++) {
    const column = columns[across] ?? -1;
    if (column < 0 || column >= width) continue;
    if (across > 0 && column === columns[across - 1]) {
      // The walk has passed it: it is copied.
      for (let at = across; at < picture.length; at += columns.length) {
        picture[at] = picture[at - 1] ?? 0;
      }
      continue;
    }
    for (let down = 0; down < rows.length; down++) {
      const row = rows[down] ?? -1;
      if (row < 0 || row >= height) continue;
      const place = column * height + row;
      while (end <= place) {
        index += 1;
        end += runs[index] ?? Number.POSITIVE_INFINITY;
      }
      picture[down * columns.length + across] = index & 1;
    }
  }
  return picture;
}

/** Each run cut at the column ends: `length` true pixels down from (row, column). */
export function eachStrip(
  runs: Uint32Array,
  height: number,
  visit: (column: number, row: number, length: number) => void,
): void {
  eachRun(runs, (start, end) => {
    let column = Math.floor(start / height);
    let row = start - column * height;
    let remaining = end - start;
    while (remaining > 0) {
      const length = Math.min(remaining, height - row);
      visit(column, row, length);
      remaining -= length;
      column += 1;
      row = 0;
    }
  });
}
