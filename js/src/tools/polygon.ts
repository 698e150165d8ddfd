// A click sets a corner; one on the first corner, or twice on the same place, closes the polygon.
// From then on its corners are dragged, and a press on an edge makes a further one. Enter, or a click
// elsewhere, applies it. While it is the latest edit, a press on its outline takes it up again.

import {
  addVertex,
  applyPolygon,
  canReopen,
  closePolygon,
  demandTarget,
  moveCorner,
  reopenPolygon,
  selectCorner,
} from "../commands/editing";
import { cornerAt, cornerOf, edgeAt, withInserted } from "../geometry/corners";
import { imageToStage, stageToImage } from "../geometry/viewport";
import type { Drag, Sample, Tool, ToolContext } from "./tool";

/** CSS pixels around a corner or an edge. */
const REACH = { mouse: 7, pen: 9, touch: 18 } as const;

export const polygonTool: Tool = {
  name: "polygon",
  edits: true,

  down(press, context) {
    return grab(press, context) ?? setting(press, context);
  },

  cursor: () => "crosshair",
};

function setting(press: Sample, context: ToolContext): Drag {
  return {
    move: () => undefined,
    // After a drag the corner is where it ended, else where the person aimed.
    up: (sample) => place(sample.travelled ? sample : press, context),
    cancel: () => undefined,
  };
}

function place(sample: Sample, context: ToolContext): void {
  const { interaction } = context;
  if (interaction.closed.value) applyPolygon(context);
  if (interaction.closed.value) return;
  const points = interaction.polygon.value;
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

/** A drag of the corner that was pressed, or of a new one on the edge that was; else null. */
function grab(press: Sample, context: ToolContext): Drag | null {
  const { interaction } = context;
  const { polygon, closed, applied } = interaction;
  const again = polygon.value.length === 0 && canReopen(context);
  const points = again ? (applied.value?.points ?? []) : polygon.value;
  if (!(again || closed.value)) return null;
  const reach = REACH[press.kind];
  const corner = cornerAt(points, context.transform(), press.stage, reach);
  const edge = corner === null ? edgeAt(points, context.transform(), press.stage, reach) : null;
  if (corner === null && edge === null) return null;
  if (again) reopenPolygon(context);
  const before = polygon.value;
  if (edge) polygon.value = withInserted(before, edge.after + 1, edge.point);
  return follow(press, corner ?? (edge?.after ?? 0) + 1, before, context);
}

/** The corner keeps its distance to the pointer, so that it does not jump at the press. */
function follow(
  press: Sample,
  index: number,
  before: readonly number[],
  context: ToolContext,
): Drag {
  const { interaction, transform } = context;
  const start = cornerOf(interaction.polygon.value, index);
  const origin = stageToImage(transform(), press.stage);
  selectCorner(context, index);
  const move = (sample: Sample) => {
    if (!sample.travelled) return;
    const now = stageToImage(transform(), sample.stage);
    moveCorner(context, index, { x: start.x + now.x - origin.x, y: start.y + now.y - origin.y });
  };
  return {
    move,
    up: move,
    cancel() {
      interaction.polygon.value = before;
      selectCorner(context, null);
    },
  };
}
