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

/**
 * A closed line along the steps of pixel borders, without the steps: through the middles of short
 * ones, with corners cut by a pixel at most, and nowhere farther than `tolerance` from that (sleeve
 * fitting, Zhao and Saalfeld 1997). `points`: x, y, x, y ... of corners, as is the result.
 */
export function withoutSteps(points: ArrayLike<number>, tolerance: number): number[] {
  const line = middles(points);
  const kept = [line[0] ?? 0, line[1] ?? 0];
  for (let from = 0; from < line.length / 2 - 1; ) {
    from = farthestSeen(line, from, tolerance);
    kept.push(line[2 * from] ?? 0, line[2 * from + 1] ?? 0);
  }
  return kept;
}

/** Middles of short edges; of long ones two points, a pixel from either end. */
function middles(points: ArrayLike<number>): number[] {
  const line: number[] = [];
  for (let at = 0; at < points.length; at += 2) {
    const next = (at + 2) % points.length;
    const [x, y] = [points[at] ?? 0, points[at + 1] ?? 0];
    const [dx, dy] = [(points[next] ?? 0) - x, (points[next + 1] ?? 0) - y];
    const share = 1 / Math.max(Math.abs(dx), Math.abs(dy), 2);
    line.push(x + share * dx, y + share * dy);
    if (share < 0.5) line.push(x + (1 - share) * dx, y + (1 - share) * dy);
  }
  return line;
}

/** The last point that a straight line reaches while it passes all before it closely. */
function farthestSeen(line: readonly number[], from: number, tolerance: number): number {
  const [x, y] = [line[2 * from] ?? 0, line[2 * from + 1] ?? 0];
  let seen = from + 1;
  // Angles are counted from the first direction, so that none is torn apart at half a turn.
  const first = Math.atan2((line[2 * seen + 1] ?? 0) - y, (line[2 * seen] ?? 0) - x);
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  for (let at = seen; 2 * at < line.length; at++) {
    const [dx, dy] = [(line[2 * at] ?? 0) - x, (line[2 * at + 1] ?? 0) - y];
    const distance = Math.hypot(dx, dy);
    if (distance <= tolerance) continue;
    const turn = Math.atan2(dy, dx) - first;
    const angle = turn - 2 * Math.PI * Math.round(turn / (2 * Math.PI));
    if (angle >= low && angle <= high) seen = at;
    const width = Math.asin(tolerance / distance);
    low = Math.max(low, angle - width);
    high = Math.min(high, angle + width);
    if (low > high) break;
  }
  return seen;
}
