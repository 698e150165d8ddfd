import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { simplify } from "../src/simplify";

describe("simplify", () => {
  const paths = fc.array(fc.double({ min: -500, max: 500, noNaN: true }), { minLength: 2 });

  it("keeps the ends and stays near the line", () => {
    fc.assert(
      fc.property(paths, fc.double({ min: 0, max: 20, noNaN: true }), (numbers, tolerance) => {
        const points = numbers.slice(0, numbers.length - (numbers.length % 2));
        const kept = simplify(points, tolerance, 4096);
        expect(kept.slice(0, 2)).toEqual(points.slice(0, 2));
        expect(kept.slice(-2)).toEqual(points.slice(-2));
        for (let at = 0; at < points.length; at += 2) {
          const away = distance(points[at] ?? 0, points[at + 1] ?? 0, kept);
          expect(away).toBeLessThanOrEqual(tolerance + 1e-6);
        }
      }),
    );
  });

  it("leaves points on a straight line out, and more if there are too many", () => {
    expect(simplify([0, 0, 1, 0, 2, 0, 2, 5], 0.1, 4096)).toEqual([0, 0, 2, 0, 2, 5]);
    const zigzag = Array.from({ length: 4000 }, (_, at) => (at % 2 === 0 ? at : at % 4));
    expect(simplify(zigzag, 0.1, 50).length).toBeLessThanOrEqual(100);
  });
});

/** From (x, y) to a polyline. */
function distance(x: number, y: number, line: readonly number[]): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (let at = 0; at + 1 < line.length; at += 2) {
    const [x0, y0] = [line[at] ?? 0, line[at + 1] ?? 0];
    const [dx, dy] = [(line[at + 2] ?? x0) - x0, (line[at + 3] ?? y0) - y0];
    const squared = dx * dx + dy * dy;
    const along = squared > 0 ? ((x - x0) * dx + (y - y0) * dy) / squared : 0;
    const part = Math.min(Math.max(along, 0), 1);
    nearest = Math.min(nearest, Math.hypot(x - x0 - part * dx, y - y0 - part * dy));
  }
  return nearest;
}
