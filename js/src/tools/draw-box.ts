// A rubber band from the press to the pointer, shared by the tools that draw boxes.

import { boxFromCorners, isDrawable } from "../geometry/boxes";
import type { Box } from "../geometry/viewport";
import type { Drag, Sample, ToolContext } from "./tool";

/** `click` is called instead if the pointer never travels. */
export function drawBox(press: Sample, context: ToolContext, click: () => void): Drag {
  const { draft } = context.interaction;
  const band = (sample: Sample): Box => boxFromCorners(press.image, sample.image);
  return {
    move(sample) {
      if (sample.travelled) draft.value = { kind: "box", box: band(sample) };
    },
    up(sample) {
      draft.value = null;
      if (!sample.travelled) return click();
      const box = band(sample);
      if (isDrawable(box, context.transform())) context.actions.setBox(box);
    },
    cancel() {
      draft.value = null;
    },
  };
}
