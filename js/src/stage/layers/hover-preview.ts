// What a click here would give: lighter than a committed mask, and dashed.

import { contourOf } from "../../geometry/contours";
import { maskOf } from "../../geometry/masks";
import { LIGHT, MASK_COLOR, parseColor, shade } from "../../state/colors";
import type { Preview } from "../../state/hover-preview";
import type { Store } from "../../state/store";
import type { Layer } from "./layer";
import { blankPixels, pack, putPixels, regionOf, sampleMask } from "./sampling";
import { type Line, strokeContour } from "./stroke";

const TINT = pack(parseColor(MASK_COLOR, 72));
const LINES: readonly Line[] = [
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
    watch: () => shownPreview(store),
    draw(context, frame) {
      const preview = shownPreview(store);
      const mask = preview && maskOf(preview);
      const region = mask && regionOf(mask, frame);
      if (!(mask && region)) return false;
      const pixels = blankPixels(region);
      sampleMask(mask, frame, pixels, TINT);
      putPixels(context, pixels);
      strokeContour(context, contourOf(mask), mask, frame, LINES);
      return false;
    },
  };
}
