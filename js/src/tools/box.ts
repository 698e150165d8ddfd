// Draws boxes and adjusts what is there. Clicks do nothing, so that a slip never leaves a point.

import { adjust } from "./adjust";
import { drawBox } from "./draw-box";
import { cursorOf, type Hit } from "./hit-test";
import type { Tool } from "./tool";

const NOTHING = (): void => undefined;

export const boxTool: Tool = {
  name: "box",
  adjusts: true,

  down(press, context) {
    if (press.exclude) return { move: NOTHING, up: NOTHING, cancel: NOTHING };
    const hit = context.hit(press);
    return hit ? adjust(hit, press, context, NOTHING) : drawBox(press, context, NOTHING);
  },

  cursor(hit: Hit | null) {
    return hit ? cursorOf(hit) : "crosshair";
  },
};
