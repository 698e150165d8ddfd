import { describe, expect, it } from "vitest";
import {
  cornerAt,
  edgeAt,
  withCorner,
  withInserted,
  withoutCorner,
} from "../../src/geometry/corners";

/** Image to stage: twice as large, and moved. */
const TRANSFORM = { a: 2, d: 2, e: 10, f: 0 };
const TRIANGLE = [0, 0, 50, 0, 50, 40];

describe("corners", () => {
  it("are found within reach, the nearest first", () => {
    expect(cornerAt(TRIANGLE, TRANSFORM, { x: 113, y: 4 }, 7)).toBe(1);
    expect(cornerAt(TRIANGLE, TRANSFORM, { x: 113, y: 9 }, 7)).toBeNull();
    expect(cornerAt(TRIANGLE, TRANSFORM, { x: 110, y: 45 }, 60)).toBe(2);
    expect(cornerAt([], TRANSFORM, { x: 0, y: 0 }, 7)).toBeNull();
  });

  it("are moved, added and taken away", () => {
    expect(withCorner(TRIANGLE, 1, { x: 7, y: 8 })).toEqual([0, 0, 7, 8, 50, 40]);
    expect(withInserted(TRIANGLE, 3, { x: 7, y: 8 })).toEqual([...TRIANGLE, 7, 8]);
    expect(withInserted(TRIANGLE, 1, { x: 7, y: 8 })).toEqual([0, 0, 7, 8, 50, 0, 50, 40]);
    expect(withoutCorner(TRIANGLE, 0)).toEqual([50, 0, 50, 40]);
  });
});

describe("edges", () => {
  it("are found between their corners, the last one back to the first, too", () => {
    expect(edgeAt(TRIANGLE, TRANSFORM, { x: 60, y: 5 }, 7)).toEqual({
      after: 0,
      point: { x: 25, y: 0 },
    });
    const back = edgeAt(TRIANGLE, TRANSFORM, { x: 60, y: 40 }, 7);
    expect(back?.after).toBe(2);
    expect(back?.point.x).toBeCloseTo(25);
    expect(back?.point.y).toBeCloseTo(20);
    expect(edgeAt(TRIANGLE, TRANSFORM, { x: 60, y: 20 }, 7)).toBeNull();
  });

  it("end at their corners", () => {
    expect(edgeAt(TRIANGLE, TRANSFORM, { x: 120, y: 0 }, 15)?.point).toEqual({ x: 50, y: 0 });
  });
});
