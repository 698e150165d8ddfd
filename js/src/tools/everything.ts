// Points at what everything mode found: a click selects the smallest mask under it, further clicks
// at the place the larger ones beneath, in turn; a drag draws the region that a run is limited to.

import { selectFound } from "../commands/pointing";
import { boxFromCorners, isDrawable } from "../geometry/boxes";
import type { Box } from "../geometry/viewport";
import type { Drag, Sample, Tool } from "./tool";

export const everythingTool: Tool = {
  name: "everything",

  down(press, context): Drag {
    const { draft } = context.interaction;
    const band = (sample: Sample): Box => boxFromCorners(press.image, sample.image);
    return {
      move(sample) {
        if (sample.travelled && !press.exclude) draft.value = { kind: "box", box: band(sample) };
      },
      up(sample) {
        draft.value = null;
        if (!sample.travelled) {
          selectFound(context.store, sample.image, sample.exclude || sample.adds);
          return;
        }
        const box = band(sample);
        if (!press.exclude && isDrawable(box, context.transform())) {
          context.store.everything.region.value = box;
        }
      },
      cancel() {
        draft.value = null;
      },
    };
  },

  cursor() {
    return "pointer";
  },
};
