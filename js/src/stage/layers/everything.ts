// What everything mode found. The number of the topmost mask at each pixel is painted once, at the
// masks' own size, and coloured from that; a frame samples the result, whatever the number of masks.

import { contourOf } from "../../geometry/contours";
import type { Frame } from "../../geometry/frame";
import { maskOf } from "../../geometry/masks";
import { paintRunsWithin, parseRuns } from "../../geometry/rle";
import type { Size } from "../../geometry/viewport";
import type { Bytes } from "../../protocol";
import { LIGHT, SHADE, shade } from "../../state/colors";
import { type EverythingLook, type EverythingMode, shownMask } from "../../state/everything";
import type { Store } from "../../state/store";
import type { Layer } from "./layer";
import { blankPixels, pack, putPixels, sampleMask, samplePicture } from "./sampling";
import { strokeContour } from "./stroke";

const FILL_ALPHA = 118;
const EDGE_ALPHA = 235;
const SELECTED_ALPHA = 165;
/** Low to high predicted IoU: told apart in light and dark, and without colour vision. */
const RAMP: readonly (readonly [number, number, number])[] = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
];

/** A colour that stays a mask's own, whatever filters do. */
export function colorOf(row: number): readonly [number, number, number] {
  // Squares, so that no rhythm in which rows are found gives neighbours one hue.
  const hue = (97 * row * row + 151 * row) % 360;
  const channel = (shift: number): number => {
    const position = (shift + hue / 30) % 12;
    const share = Math.max(-1, Math.min(position - 3, 9 - position, 1));
    return Math.round(255 * (0.56 - 0.4 * share));
  };
  return [channel(0), channel(8), channel(4)];
}

/** Of a share in [0, 1], from the ramp. */
export function rampColor(share: number): readonly [number, number, number] {
  const place = Math.min(Math.max(share, 0), 1) * (RAMP.length - 1);
  const low = RAMP[Math.floor(place)] ?? [0, 0, 0];
  const high = RAMP[Math.ceil(place)] ?? low;
  const part = place % 1;
  const mixed = low.map((value, index) => Math.round(value + part * ((high[index] ?? 0) - value)));
  return [mixed[0] ?? 0, mixed[1] ?? 0, mixed[2] ?? 0];
}

interface Painted extends Size {
  /** One more than the row of the topmost mask; 0 where there is none. */
  readonly top: Uint32Array;
}

const runsOf = new WeakMap<Bytes, Uint32Array>();

function paintTop(mode: EverythingMode): Painted | null {
  const [first] = mode.masks.value;
  if (!first) return null;
  const { width, height } = first;
  const top = new Uint32Array(width * height);
  for (const row of mode.kept.value) {
    const mask = shownMask(mode, row);
    if (!mask) continue;
    let runs = runsOf.get(mask.rle);
    if (!runs) {
      runs = parseRuns(mask);
      runsOf.set(mask.rle, runs);
    }
    paintRunsWithin(runs, height, top, row + 1, { left: 0, top: 0, right: width, bottom: height });
  }
  return { width, height, top };
}

/** Words by row, one more than it: of tints and of edges. */
export interface Palette {
  readonly tints: Uint32Array;
  readonly edges: Uint32Array;
}

/** Colours for the topmost masks: tints with firm edges, or edges alone. */
export function colour({ top, width }: Painted, palette: Palette): Uint32Array {
  const { tints, edges } = palette;
  const words = new Uint32Array(top.length);
  for (let start = 0; start < top.length; start += width) {
    const below = start + width < top.length ? width : 0;
    for (let column = 0; column < width; column++) {
      const at = start + column;
      const own = top[at] ?? 0;
      const right = top[column + 1 < width ? at + 1 : at] ?? 0;
      const lower = top[at + below] ?? 0;
      // An edge has the colour of the mask it belongs to, also where it lies just outside.
      const edge = own !== right || own !== lower;
      words[at] = (edge ? edges[own || right || lower] : tints[own]) ?? 0;
    }
  }
  return words;
}

function paletteOf(mode: EverythingMode): Palette {
  const masks = mode.masks.value;
  const byScore = mode.look.value === "scores";
  const scores = mode.kept.value.map((row) => masks[row]?.score ?? 0);
  const low = scores.reduce((least, score) => Math.min(least, score), 1);
  const high = scores.reduce((most, score) => Math.max(most, score), low + 1e-6);
  const tints = new Uint32Array(masks.length + 1);
  const edges = new Uint32Array(masks.length + 1);
  for (const row of mode.kept.value) {
    const share = ((masks[row]?.score ?? 0) - low) / (high - low);
    const rgb = byScore ? rampColor(share) : colorOf(row);
    if (mode.look.value !== "edges") tints[row + 1] = pack([...rgb, FILL_ALPHA]);
    edges[row + 1] = pack([...rgb, EDGE_ALPHA]);
  }
  return { tints, edges };
}

/** The same colour, for a mask that is selected: less of the picture shows through. */
function selectedWord({ edges }: Palette, row: number): number {
  return ((edges[row + 1] ?? 0) % 2 ** 24) + SELECTED_ALPHA * 2 ** 24;
}

export function everythingLayer(store: Store): Layer {
  const mode = store.everything;
  let kept: readonly number[] | null = null;
  let cleaned: unknown = null;
  let look: EverythingLook | null = null;
  let top: Painted | null = null;
  let words: Uint32Array | null = null;
  let palette: Palette = { tints: new Uint32Array(0), edges: new Uint32Array(0) };

  const refresh = (): void => {
    if (kept !== mode.kept.value || cleaned !== mode.cleaned.value) {
      kept = mode.kept.value;
      cleaned = mode.cleaned.value;
      top = paintTop(mode);
      words = null;
    }
    if (top && (words === null || look !== mode.look.value)) {
      look = mode.look.value;
      palette = paletteOf(mode);
      words = colour(top, palette);
    }
  };

  return {
    name: "everything",
    watch() {
      if (!mode.open.value) return null;
      return [
        mode.kept.value,
        mode.cleaned.value,
        mode.look.value,
        mode.selected.value,
        mode.hovered.value,
        mode.region.value,
      ];
    },
    draw(context, frame) {
      refresh();
      if (top && words) {
        const pixels = blankPixels({ left: 0, top: 0, ...frame.backing });
        samplePicture({ width: top.width, height: top.height, words }, frame, pixels);
        for (const row of mode.selected.value) {
          const mask = shownMask(mode, row);
          if (mask) sampleMask(maskOf(mask), frame, pixels, selectedWord(palette, row));
        }
        putPixels(context, pixels);
      }
      for (const row of mode.selected.value) outline(context, frame, mode, row, 2.5);
      if (mode.hovered.value !== null) outline(context, frame, mode, mode.hovered.value, 1.5);
      drawRegion(context, frame, mode);
      mode.painted.value = mode.kept.value.length;
      return false;
    },
  };
}

function outline(
  context: CanvasRenderingContext2D,
  frame: Frame,
  mode: EverythingMode,
  row: number,
  width: number,
): void {
  const mask = shownMask(mode, row);
  if (!mask) return;
  strokeContour(context, contourOf(maskOf(mask)), mask, frame, [
    { color: shade(0.7), width: width + 3 },
    { color: LIGHT, width },
  ]);
}

function drawRegion(context: CanvasRenderingContext2D, frame: Frame, mode: EverythingMode): void {
  const box = mode.region.value;
  if (box === null) return;
  const { device, pixelRatio } = frame;
  const left = device.a * box.x0 + device.e;
  const top = device.d * box.y0 + device.f;
  const size = [device.a * (box.x1 - box.x0), device.d * (box.y1 - box.y0)] as const;
  context.save();
  context.lineWidth = 2 * pixelRatio;
  context.strokeStyle = SHADE;
  context.strokeRect(left, top, ...size);
  context.setLineDash([6 * pixelRatio, 5 * pixelRatio]);
  context.strokeStyle = LIGHT;
  context.strokeRect(left, top, ...size);
  context.restore();
}
