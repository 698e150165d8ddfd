// The border of a mask as closed polygons along pixel borders, pure.

import type { Mask } from "./masks";

/** Closed polygons: `points` holds x, y, x, y ... in mask pixels, `ends` where each one ends in it. */
export interface Contour {
  readonly points: Float32Array;
  readonly ends: Uint32Array;
}

/** Beyond this a mask is noise: its outline would hide it and cost more than a frame to draw. */
const MOST_CORNERS = 200_000;
const NOTHING: Contour = { points: new Float32Array(0), ends: new Uint32Array(0) };

/**
 * Walks along each border with the mask on its right and notes the corners. Pixels that touch at a
 * corner only are not connected. Every border has an eastward step above a pixel of the mask: that
 * is where walks start, and where the visited ones are remembered.
 */
export function traceContour(mask: Mask): Contour {
  const { columns, rows, data } = mask;
  const visited = new Uint8Array(data.length);
  const points: number[] = [];
  const ends: number[] = [];
  for (let at = 0; at < columns * rows; at++) {
    const isTop = data[at] === 1 && (at < columns || data[at - columns] === 0);
    if (!isTop || visited[at] === 1) continue;
    walk(mask, at, visited, points);
    ends.push(points.length);
    if (points.length > 2 * MOST_CORNERS) return NOTHING;
  }
  return { points: Float32Array.from(points), ends: Uint32Array.from(ends) };
}

/** Appends the corners of the border that runs along the top of the pixel at `start`. */
function walk(mask: Mask, start: number, visited: Uint8Array, points: number[]): void {
  const { columns, rows, data } = mask;
  const holds = (r: number, c: number): boolean =>
    r >= 0 && c >= 0 && r < rows && c < columns && data[r * columns + c] === 1;
  const startRow = Math.floor(start / columns);
  const startColumn = start - startRow * columns;
  let row = startRow;
  let column = startColumn;
  let dx = 1;
  let dy = 0;
  do {
    if (dx === 1) visited[row * columns + column] = 1;
    column += dx;
    row += dy;
    // The two pixels ahead of the corner (column, row): on the right and on the left of the way.
    const right = holds(row - (dx > 0 || dy > 0 ? 0 : 1), column - (dx > 0 || dy < 0 ? 0 : 1));
    const ahead = holds(row - (dx < 0 || dy > 0 ? 0 : 1), column - (dx > 0 || dy > 0 ? 0 : 1));
    if (right && !ahead) continue;
    points.push(column + mask.left, row + mask.top);
    [dx, dy] = right ? [dy, -dx] : [-dy, dx];
  } while (row !== startRow || column !== startColumn || dx !== 1);
}

const traced = new WeakMap<Mask, Contour>();

/** The mask's contour, traced once. */
export function contourOf(mask: Mask): Contour {
  let contour = traced.get(mask);
  if (!contour) {
    contour = traceContour(mask);
    traced.set(mask, contour);
  }
  return contour;
}
