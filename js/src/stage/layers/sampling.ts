// Masks to device pixels by nearest sampling, pure: a device pixel shows the mask's pixel under its
// centre, exactly, at any zoom. The browser's own scaling blends at borders; this never does.

import type { Frame } from "../../geometry/frame";
import type { Mask } from "../../geometry/masks";
import type { Size } from "../../geometry/viewport";
import type { Rgba } from "../../state/colors";

/** Part of a canvas, in device pixels. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Pixels of a region as 32-bit words, see `pack`. */
export interface Pixels extends Region {
  readonly words: Uint32Array<ArrayBuffer>;
}

/** One pixel of ImageData as a word; every machine with a browser is little-endian. */
export function pack([red, green, blue, alpha]: Rgba): number {
  return (red + green * 2 ** 8 + blue * 2 ** 16 + alpha * 2 ** 24) >>> 0;
}

export function blankPixels(region: Region): Pixels {
  return { ...region, words: new Uint32Array(region.width * region.height) };
}

/** The device pixels of the frame that a mask's true pixels may show in; null if there are none. */
export function regionOf(mask: Mask, frame: Frame): Region | null {
  const { device, image, backing } = frame;
  const scaleX = (device.a * image.width) / mask.width;
  const scaleY = (device.d * image.height) / mask.height;
  const left = Math.max(0, Math.floor(mask.left * scaleX + device.e));
  const top = Math.max(0, Math.floor(mask.top * scaleY + device.f));
  const right = Math.ceil((mask.left + mask.columns) * scaleX + device.e);
  const bottom = Math.ceil((mask.top + mask.rows) * scaleY + device.f);
  const width = Math.min(backing.width, right) - left;
  const height = Math.min(backing.height, bottom) - top;
  return width > 0 && height > 0 && mask.columns > 0 ? { left, top, width, height } : null;
}

/** Writes `word` wherever the mask is true. */
export function sampleMask(mask: Mask, frame: Frame, pixels: Pixels, word: number): void {
  const { width, words } = pixels;
  const columns = sources(pixels.left, width, frame, "x", mask);
  const rows = sources(pixels.top, pixels.height, frame, "y", mask);
  const across = placesOf(columns, mask.left, mask.columns);
  const down = placesOf(rows, mask.top, mask.rows);
  for (let row = 0; row < mask.rows; row++) {
    const [top, bottom] = [down[row] ?? 0, down[row + 1] ?? 0];
    if (top === bottom) continue;
    const spans = spansOf(mask, row, across);
    for (let y = top; y < bottom; y++) {
      for (let at = 0; at < spans.length; at += 2) {
        words.fill(word, y * width + (spans[at] ?? 0), y * width + (spans[at + 1] ?? 0));
      }
    }
  }
}

/** Where each source index from `start` on begins among the ascending ones, and the last ends. */
function placesOf(ascending: Int32Array, start: number, count: number): Int32Array {
  const begins = new Int32Array(count + 1);
  let at = 0;
  for (let index = 0; index <= count; index++) {
    while (at < ascending.length && (ascending[at] ?? 0) < start + index) at += 1;
    begins[index] = at;
  }
  return begins;
}

/** A row of the mask as device pixels: begin, end, begin, end ... */
function spansOf({ data, columns }: Mask, row: number, begins: Int32Array): number[] {
  const line = data.subarray(row * columns, (row + 1) * columns);
  const spans: number[] = [];
  for (let from = line.indexOf(1); from >= 0; ) {
    const next = line.indexOf(0, from);
    const end = next < 0 ? columns : next;
    spans.push(begins[from] ?? 0, begins[end] ?? 0);
    from = line.indexOf(1, end);
  }
  return spans;
}

/** Copies the words of a picture of the whole image, zeros excepted. */
export function samplePicture(
  picture: Size & { readonly words: Uint32Array },
  frame: Frame,
  pixels: Pixels,
): void {
  const columns = sources(pixels.left, pixels.width, frame, "x", picture);
  const rows = sources(pixels.top, pixels.height, frame, "y", picture);
  for (let y = 0; y < pixels.height; y++) {
    const row = rows[y] ?? -1;
    if (row < 0 || row >= picture.height) continue;
    const from = row * picture.width;
    const to = y * pixels.width;
    for (let x = 0; x < pixels.width; x++) {
      const column = columns[x] ?? -1;
      if (column < 0 || column >= picture.width) continue;
      const word = picture.words[from + column] ?? 0;
      if (word !== 0) pixels.words[to + x] = word;
    }
  }
}

/** For each device pixel along an axis, the source pixel under its centre; -1 and `side` outside. */
function sources(
  start: number,
  count: number,
  frame: Frame,
  axis: "x" | "y",
  size: Size,
): Int32Array {
  const { device, image } = frame;
  const [scale, offset, imageSide, side] =
    axis === "x"
      ? [device.a, device.e, image.width, size.width]
      : [device.d, device.f, image.height, size.height];
  const indices = new Int32Array(count);
  for (let index = 0; index < count; index++) {
    const inImage = (start + index + 0.5 - offset) / scale;
    const source = Math.floor((inImage * side) / imageSide);
    indices[index] = Math.min(Math.max(source, -1), side);
  }
  return indices;
}

export function putPixels(context: CanvasRenderingContext2D, pixels: Pixels): void {
  const bytes = new Uint8ClampedArray(pixels.words.buffer);
  context.putImageData(new ImageData(bytes, pixels.width), pixels.left, pixels.top);
}
