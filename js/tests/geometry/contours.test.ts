import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { traceContour } from "../../src/geometry/contours";
import { decodeMask } from "../../src/geometry/masks";
import { encodeRows, picture } from "../support/masks";

describe("traceContour", () => {
  const trace = (...rows: string[]) => {
    const { points, ends } = traceContour(decodeMask(encodeRows(rows)));
    let start = 0;
    return Array.from(ends, (end) => {
      const polygon = Array.from(points.subarray(start, end));
      start = end;
      return polygon;
    });
  };

  it("walks around a pixel, clockwise", () => {
    expect(trace("...", ".#.", "...")).toEqual([[2, 1, 2, 2, 1, 2, 1, 1]]);
  });

  it("notes corners only", () => {
    expect(trace("###", "###")).toEqual([[3, 0, 3, 2, 0, 2, 0, 0]]);
  });

  it("walks around a hole, too", () => {
    expect(trace("###", "#.#", "###")).toHaveLength(2);
  });

  it("takes pixels that touch at a corner apart", () => {
    expect(trace("#.", ".#")).toHaveLength(2);
  });

  it("finds nothing around nothing", () => {
    expect(trace("..", "..")).toEqual([]);
  });

  it("encloses the mask's area, and every border once", () => {
    fc.assert(
      fc.property(picture, (rows) => {
        const polygons = trace(...rows);
        let area = 0;
        let length = 0;
        for (const polygon of polygons) {
          for (let at = 0; at < polygon.length; at += 2) {
            const [x0 = 0, y0 = 0] = polygon.slice(at);
            const [x1 = 0, y1 = 0] = polygon.slice((at + 2) % polygon.length);
            area += (x0 * y1 - x1 * y0) / 2;
            length += Math.abs(x1 - x0) + Math.abs(y1 - y0);
          }
        }
        const holds = (row: number, column: number) => rows[row]?.[column] === "#";
        let pixels = 0;
        let borders = 0;
        for (const [row, line] of rows.entries()) {
          for (let column = 0; column < line.length; column++) {
            if (!holds(row, column)) continue;
            pixels += 1;
            const around = [
              [row - 1, column],
              [row + 1, column],
              [row, column - 1],
              [row, column + 1],
            ];
            borders += around.filter(([r = -1, c = -1]) => !holds(r, c)).length;
          }
        }
        expect(area).toBe(pixels);
        expect(length).toBe(borders);
      }),
    );
  });
});
