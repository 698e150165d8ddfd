// Which prompt lies under a point of the stage, pure. Distances are CSS pixels.

import { type Handle, WHOLE_BOX } from "../geometry/boxes";
import { type Box, imageToStage, type Point, type Transform } from "../geometry/viewport";
import type { ShownPrompts } from "../state/optimistic";

export type Hit = { kind: "point"; index: number } | { kind: "box"; handle: Handle };

export type PointerKind = "mouse" | "touch" | "pen";

interface Reach {
  point: number;
  corner: number;
  edge: number;
  /** Width of the band within the border by which the whole box is moved. */
  band: number;
}

const MOUSE: Reach = { point: 9, corner: 9, edge: 5, band: 9 };
const FINGER: Reach = { point: 18, corner: 18, edge: 14, band: 14 };
/** Smaller boxes have no band: room is left to click inside and to draw another one. */
const LEAST_SIDE_WITH_BAND = 64;

/** Points come before the box, and later points, drawn on top, before earlier ones. */
export function hitTest(
  shown: ShownPrompts,
  transform: Transform,
  stagePoint: Point,
  kind: PointerKind,
): Hit | null {
  const reach = kind === "touch" ? FINGER : MOUSE;
  for (let index = shown.points.length - 1; index >= 0; index--) {
    const point = shown.points[index];
    if (!point) continue;
    const at = imageToStage(transform, point);
    if (Math.hypot(at.x - stagePoint.x, at.y - stagePoint.y) <= reach.point) {
      return { kind: "point", index };
    }
  }
  if (shown.box === null) return null;
  const handle = handleAt(shown.box, transform, stagePoint, reach);
  return handle && { kind: "box", handle };
}

function handleAt(box: Box, transform: Transform, at: Point, reach: Reach): Handle | null {
  const from = imageToStage(transform, { x: box.x0, y: box.y0 });
  const to = imageToStage(transform, { x: box.x1, y: box.y1 });
  const cornerX = sideAt(from.x, to.x, at.x, reach.corner);
  const cornerY = sideAt(from.y, to.y, at.y, reach.corner);
  if (cornerX !== 0 && cornerY !== 0) return { x: cornerX, y: cornerY };

  const within = (value: number, low: number, high: number): boolean =>
    value >= low - reach.edge && value <= high + reach.edge;
  if (!(within(at.x, from.x, to.x) && within(at.y, from.y, to.y))) return null;
  const edgeX = sideAt(from.x, to.x, at.x, reach.edge);
  if (edgeX !== 0) return { x: edgeX, y: 0 };
  const edgeY = sideAt(from.y, to.y, at.y, reach.edge);
  if (edgeY !== 0) return { x: 0, y: edgeY };

  if (Math.min(to.x - from.x, to.y - from.y) < LEAST_SIDE_WITH_BAND) return null;
  const depth = Math.min(at.x - from.x, to.x - at.x, at.y - from.y, to.y - at.y);
  return depth <= reach.edge + reach.band ? WHOLE_BOX : null;
}

/** The nearer of the two sides if it is within reach; in a thin box each gets its own half. */
function sideAt(low: number, high: number, value: number, reach: number): -1 | 0 | 1 {
  const toLow = Math.abs(value - low);
  const toHigh = Math.abs(value - high);
  if (Math.min(toLow, toHigh) > reach) return 0;
  return toLow < toHigh ? -1 : 1;
}

/** The cursor that says what a drag from here would do. */
export function cursorOf(hit: Hit): string {
  if (hit.kind === "point") return "pointer";
  const { x, y } = hit.handle;
  if (x === 0 && y === 0) return "move";
  if (x === 0) return "ns-resize";
  if (y === 0) return "ew-resize";
  return x === y ? "nwse-resize" : "nesw-resize";
}
