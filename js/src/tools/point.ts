// The default tool: a click is a point, a drag is a box, and a drag that starts on a prompt
// adjusts it.

import { adjust } from "./adjust";
import { drawBox } from "./draw-box";
import { cursorOf, type Hit } from "./hit-test";
import type { Drag, Tool } from "./tool";

export const pointTool: Tool = {
  name: "point",

  down(press, context) {
    // The point belongs where the person aimed, not where the hand ended up.
    const click = (): void =>
      context.actions.addPoint(press.image.x, press.image.y, !press.exclude);
    if (press.exclude) return excluding(click);
    const hit = context.hit(press);
    return hit ? adjust(hit, press, context, click) : drawBox(press, context, click);
  },

  cursor(hit: Hit | null) {
    return hit ? cursorOf(hit) : "crosshair";
  },
};

/** With the right button or Alt nothing but an exclude point can be meant: a slip is no box. */
function excluding(click: () => void): Drag {
  return { move: () => undefined, up: click, cancel: () => undefined };
}
