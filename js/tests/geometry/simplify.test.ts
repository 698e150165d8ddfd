import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { simplify, withoutSteps } from "../../src/geometry/simplify";

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

describe("a border without its steps", () => {
  /** Corners of the pixels under a staircase that falls one in `run`, closed below. */
  function staircase(steps: number, run: number): number[] {
    const corners: number[] = [];
    for (let step = 0; step < steps; step++) {
      corners.push(step * run, step, (step + 1) * run, step);
    }
    return [...corners, steps * run, steps + 40, 0, steps + 40];
  }

  it("is straight where the steps are regular", () => {
    const kept = withoutSteps(staircase(40, 1), 0.35);
    expect(kept.length / 2).toBeLessThan(12);
  });

  it("stays near the steps, and closes", () => {
    for (const run of [1, 2, 3, 7]) {
      const corners = staircase(30, run);
      const kept = withoutSteps(corners, 0.35);
      const closed = [...kept, kept[0] ?? 0, kept[1] ?? 0];
      for (let at = 0; at < corners.length; at += 2) {
        expect(distance(corners[at] ?? 0, corners[at + 1] ?? 0, closed)).toBeLessThan(1.1);
      }
    }
  });

  it("cuts corners of long edges by a pixel only", () => {
    const kept = withoutSteps([0, 0, 100, 0, 100, 50, 0, 50], 0.35);
    for (const [x, y] of [
      [50, 0],
      [100, 25],
      [2, 50],
      [0, 48],
    ] as const) {
      expect(distance(x, y, [...kept, kept[0] ?? 0, kept[1] ?? 0])).toBeLessThan(0.4);
    }
  });

  it("leaves a single pixel visible", () => {
    const kept = withoutSteps([3, 3, 4, 3, 4, 4, 3, 4], 0.35);
    const xs = kept.filter((_, at) => at % 2 === 0);
    expect(Math.max(...xs) - Math.min(...xs)).toBeGreaterThan(0.5);
  });
});
