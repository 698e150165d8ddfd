// A click adds a vertex; one on the first vertex, or twice on the same place, closes the polygon.
// The Enter key closes it, too, Backspace takes the last vertex back, and Escape all of them.

import { addVertex, closePolygon, demandTarget } from "../commands/editing";
import { imageToStage, stageToImage } from "../geometry/viewport";
import type { Sample, Tool, ToolContext } from "./tool";

/** CSS pixels around a vertex. */
const REACH = { mouse: 7, pen: 9, touch: 18 } as const;

export const polygonTool: Tool = {
  name: "polygon",
  edits: true,

  down(press, context) {
    return {
      move: () => undefined,
      // After a drag the vertex is where it ended, else where the person aimed.
      up: (sample) => place(sample.travelled ? sample : press, context),
      cancel: () => undefined,
    };
  },

  cursor: () => "crosshair",
};

function place(sample: Sample, context: ToolContext): void {
  const points = context.interaction.polygon.value;
  if (points.length === 0 && demandTarget(context.store) === null) return;
  const onFirst = isAt(sample, points.slice(0, 2), context);
  const onLast = isAt(sample, points.slice(-2), context);
  if (points.length >= 6 && (onFirst || onLast)) closePolygon(context, sample.exclude);
  else if (!onLast) {
    const { x, y } = stageToImage(context.transform(), sample.stage);
    addVertex(context, x, y);
  }
}

function isAt(sample: Sample, [x, y]: readonly number[], { transform }: ToolContext): boolean {
  if (x === undefined || y === undefined) return false;
  const at = imageToStage(transform(), { x, y });
  return Math.hypot(at.x - sample.stage.x, at.y - sample.stage.y) <= REACH[sample.kind];
}
