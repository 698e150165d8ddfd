// Masks that are not chosen, but might be. What a click here would give: lighter than a committed
// mask, and dashed. And the candidate that is pointed at in its panel, as it would look if chosen.

import { contourOf } from "../../geometry/contours";
import type { Frame } from "../../geometry/frame";
import { maskOf } from "../../geometry/masks";
import type { EncodedMask } from "../../geometry/rle";
import { LIGHT, parseColor, shade } from "../../state/colors";
import type { Preview } from "../../state/hover-preview";
import { peekedMask, pendingColor } from "../../state/selectors";
import type { Store } from "../../state/store";
import type { Layer } from "./layer";
import { blankPixels, pack, putPixels, regionOf, sampleMask } from "./sampling";
import { type Line, OUTLINE, strokeContour } from "./stroke";

const PREVIEW_ALPHA = 72;
const PREVIEW_LINES: readonly Line[] = [
  { color: shade(0.45), width: 2.5 },
  { color: LIGHT, width: 1.25, dash: [5, 4] },
];

/** Only while nothing is placed: afterwards the answer on screen is for the prompts. */
function shownPreview(store: Store): Preview | null {
  const { points, box, has_mask } = store.document.value.prompts;
  const drawn = store.answer.value.candidates.length > 0;
  const placed = points.length > 0 || box !== null || has_mask || drawn;
  const waiting = store.pending.value.length > 0;
  const wanted = store.previewing.value && store.preview.value;
  return wanted && !placed && !waiting ? wanted : null;
}

export function previewLayer(store: Store): Layer {
  return {
    name: "preview",
    watch() {
      const peeked = peekedMask(store);
      if (peeked) return [pendingColor(store), store.opacity.value, store.outline.value];
      return shownPreview(store) && [pendingColor(store)];
    },
    draw(context, frame) {
      const peeked = peekedMask(store);
      const preview = shownPreview(store);
      if (peeked) {
        const lines = store.outline.value ? OUTLINE : [];
        draw(context, frame, store, peeked, Math.round(255 * store.opacity.value), lines);
      } else if (preview) draw(context, frame, store, preview, PREVIEW_ALPHA, PREVIEW_LINES);
      return false;
    },
  };
}

function draw(
  context: CanvasRenderingContext2D,
  frame: Frame,
  store: Store,
  encoded: EncodedMask,
  alpha: number,
  lines: readonly Line[],
): void {
  const mask = maskOf(encoded);
  const region = regionOf(mask, frame);
  if (region === null) return;
  const pixels = blankPixels(region);
  sampleMask(mask, frame, pixels, pack(parseColor(pendingColor(store), alpha)));
  putPixels(context, pixels);
  strokeContour(context, contourOf(mask), mask, frame, lines);
}
