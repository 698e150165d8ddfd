// The default tool: a click is a point, a drag is a box, and a drag that starts on a prompt
// adjusts it.

import { takes } from "../state/selectors";
import { adjust } from "./adjust";
import { drawBox } from "./draw-box";
import { cursorOf, type Hit } from "./hit-test";
import type { Drag, Tool } from "./tool";

export const pointTool: Tool = {
  name: "point",
  adjusts: true,

  down(press, context) {
    // The point belongs where the person aimed, not where the hand ended up.
    const click = (): void =>
      context.actions.addPoint(press.image.x, press.image.y, !press.exclude);
    if (press.exclude) return pressing(click);
    const hit = context.hit(press);
    if (hit) return adjust(hit, press, context, click);
    return takes(context.store, "box") ? drawBox(press, context, click) : pressing(click);
  },

  cursor(hit: Hit | null) {
    return hit ? cursorOf(hit) : "crosshair";
  },
};

/** Nothing but a point can be meant, as with the right button or Alt: a slip is no box. */
function pressing(click: () => void): Drag {
  return { move: () => undefined, up: click, cancel: () => undefined };
}
