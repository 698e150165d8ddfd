// The chosen mask and nothing else: alpha is 255 exactly where it is true. How far the image shows
// through is the canvas's CSS opacity.

import { contourOf } from "../contour";
import { type Mask, maskOf } from "../masks";
import type { PredictionState } from "../protocol";
import type { Store } from "../store";
import type { Layer } from "./layer";
import { blankPixels, pack, putPixels, regionOf, sampleMask } from "./sampling";
import { OUTLINE, strokeContour } from "./stroke";

const TINT = pack([30, 136, 255, 255]);

function chosenMask(prediction: PredictionState): Mask | null {
  const { candidates, selected, width, height } = prediction;
  const candidate = candidates[selected];
  return candidate ? maskOf({ rle: candidate.rle, width, height }) : null;
}

function shownPrediction(store: Store): PredictionState | null {
  const { value: prediction } = store.shownPrediction;
  return prediction.candidates.length > 0 ? prediction : null;
}

export function overlayLayer(store: Store): Layer {
  return {
    name: "overlay",
    watch: () => shownPrediction(store),
    draw(context, frame) {
      const mask = chosenMask(store.shownPrediction.value);
      const region = mask && regionOf(mask, frame);
      if (mask && region) {
        const pixels = blankPixels(region);
        sampleMask(mask, frame, pixels, TINT);
        putPixels(context, pixels);
      }
      return false;
    },
  };
}

/** Its outline, apart from the overlay's pixels and its opacity. */
export function outlineLayer(store: Store): Layer {
  return {
    name: "outline",
    watch: () => (store.outline.value ? shownPrediction(store) : null),
    draw(context, frame) {
      const mask = chosenMask(store.shownPrediction.value);
      if (mask) strokeContour(context, contourOf(mask), mask, frame, OUTLINE);
      return false;
    },
  };
}
