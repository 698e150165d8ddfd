// Fewer points for the same line, pure.

/**
 * Leaves out points that lie nearer than `tolerance` to the line without them (Ramer 1972, Douglas
 * and Peucker 1973), and more if there are still too many. Points: x, y, x, y ...
 */
export function simplify(points: readonly number[], tolerance: number, most: number): number[] {
  let kept = thinned(points, tolerance);
  for (let wider = tolerance; kept.length > 2 * most; ) {
    wider = Math.max(2 * wider, 1e-3);
    kept = thinned(points, wider);
  }
  return kept;
}

function thinned(points: readonly number[], tolerance: number): number[] {
  const count = points.length / 2;
  if (count <= 2) return [...points];
  const keep = new Uint8Array(count);
  keep[0] = 1;
  keep[count - 1] = 1;
  const spans: [number, number][] = [[0, count - 1]];
  for (let span = spans.pop(); span; span = spans.pop()) {
    const [first, last] = span;
    const farthest = farthestFrom(points, first, last);
    if (farthest.distance <= tolerance) continue;
    keep[farthest.index] = 1;
    spans.push([first, farthest.index], [farthest.index, last]);
  }
  return points.filter((_, at) => keep[Math.floor(at / 2)] === 1);
}

function farthestFrom(
  points: readonly number[],
  first: number,
  last: number,
): { index: number; distance: number } {
  const [x0, y0] = [points[2 * first] ?? 0, points[2 * first + 1] ?? 0];
  const dx = (points[2 * last] ?? 0) - x0;
  const dy = (points[2 * last + 1] ?? 0) - y0;
  const squared = dx * dx + dy * dy;
  let index = first;
  let distance = -1;
  for (let at = first + 1; at < last; at++) {
    const [x, y] = [(points[2 * at] ?? 0) - x0, (points[2 * at + 1] ?? 0) - y0];
    // The nearest place on the segment, its ends included.
    const along = squared > 0 ? Math.min(Math.max((x * dx + y * dy) / squared, 0), 1) : 0;
    const away = Math.hypot(x - along * dx, y - along * dy);
    if (away > distance) [index, distance] = [at, away];
  }
  return { index, distance };
}
