// The chosen mask and nothing else, in the colour of its label: alpha is 255 exactly where it is
// true. How far the image shows through is the canvas's CSS opacity.

import { contourOf } from "../../geometry/contours";
import { type Mask, maskOf } from "../../geometry/masks";
import { parseColor } from "../../state/colors";
import { pendingColor } from "../../state/selectors";
import type { Store } from "../../state/store";
import type { Layer } from "./layer";
import { blankPixels, pack, putPixels, regionOf, sampleMask } from "./sampling";
import { OUTLINE, strokeContour } from "./stroke";

function maskOnScreen(store: Store): Mask | null {
  const shown = store.shownMask.value;
  return shown && maskOf(shown);
}

export function overlayLayer(store: Store): Layer {
  return {
    name: "overlay",
    watch: () => store.shownMask.value && [store.shownMask.value, pendingColor(store)],
    draw(context, frame) {
      const mask = maskOnScreen(store);
      const region = mask && regionOf(mask, frame);
      if (mask && region) {
        const pixels = blankPixels(region);
        sampleMask(mask, frame, pixels, pack(parseColor(pendingColor(store), 255)));
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
    watch: () => (store.outline.value ? store.shownMask.value : null),
    draw(context, frame) {
      const mask = maskOnScreen(store);
      if (mask) strokeContour(context, contourOf(mask), mask, frame, OUTLINE);
      return false;
    },
  };
}
