// A rubber band from the press to the pointer, shared by the tools that draw boxes.

import { type Box, boxFromCorners, type Transform } from "../geometry/viewport";
import type { Drag, Sample, ToolContext } from "./tool";

/** Thinner boxes (CSS pixels, either way) are slips of the hand. */
const LEAST_SIDE = 3;

export function isDrawable(box: Box, transform: Transform): boolean {
  const width = (box.x1 - box.x0) * transform.a;
  const height = (box.y1 - box.y0) * transform.d;
  return width >= LEAST_SIDE && height >= LEAST_SIDE;
}

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
