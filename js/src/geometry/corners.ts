// Corners and edges of a closed polygon under a pointer, pure. Polygons are x, y, x, y ... in image
// pixels; distances are CSS pixels of the stage.

import { imageToStage, type Point, stageToImage, type Transform } from "./viewport";

export function cornerCount(points: readonly number[]): number {
  return points.length / 2;
}

export function cornerOf(points: readonly number[], index: number): Point {
  return { x: points[2 * index] ?? 0, y: points[2 * index + 1] ?? 0 };
}

/** The nearest corner within reach; null if there is none. */
export function cornerAt(
  points: readonly number[],
  transform: Transform,
  at: Point,
  reach: number,
): number | null {
  let nearest: number | null = null;
  let least = reach;
  for (let index = 0; index < cornerCount(points); index++) {
    const corner = imageToStage(transform, cornerOf(points, index));
    const distance = Math.hypot(corner.x - at.x, corner.y - at.y);
    if (distance > least) continue;
    least = distance;
    nearest = index;
  }
  return nearest;
}

/** A place on an edge: after which corner, and where, in image pixels. */
export interface OnEdge {
  readonly after: number;
  readonly point: Point;
}

/** The nearest place on an edge within reach; null if there is none. */
export function edgeAt(
  points: readonly number[],
  transform: Transform,
  at: Point,
  reach: number,
): OnEdge | null {
  const count = cornerCount(points);
  let nearest: OnEdge | null = null;
  let least = reach;
  for (let after = 0; after < count; after++) {
    const from = imageToStage(transform, cornerOf(points, after));
    const to = imageToStage(transform, cornerOf(points, (after + 1) % count));
    const on = nearestOn(from, to, at);
    const distance = Math.hypot(on.x - at.x, on.y - at.y);
    if (distance > least) continue;
    least = distance;
    nearest = { after, point: stageToImage(transform, on) };
  }
  return nearest;
}

function nearestOn(from: Point, to: Point, at: Point): Point {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : ((at.x - from.x) * dx + (at.y - from.y) * dy) / length;
  const share = Math.min(Math.max(along, 0), 1);
  return { x: from.x + share * dx, y: from.y + share * dy };
}

export function withCorner(points: readonly number[], index: number, to: Point): number[] {
  return [...points.slice(0, 2 * index), to.x, to.y, ...points.slice(2 * index + 2)];
}

/** With a further corner before the one of this index. */
export function withInserted(points: readonly number[], index: number, corner: Point): number[] {
  return [...points.slice(0, 2 * index), corner.x, corner.y, ...points.slice(2 * index)];
}

export function withoutCorner(points: readonly number[], index: number): number[] {
  return [...points.slice(0, 2 * index), ...points.slice(2 * index + 2)];
}
