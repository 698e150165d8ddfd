import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { traceContour } from "../../src/geometry/contours";
import { decodeMask, maskOf } from "../../src/geometry/masks";
import { paintRunsWithin, parseRuns } from "../../src/geometry/rle";

/** The inverse of what is tested, written from the format's definition. */
function encode(runs: readonly number[]): DataView {
  const bytes: number[] = [];
  for (const [index, run] of runs.entries()) {
    let value = index > 2 ? run - (runs[index - 2] ?? 0) : run;
    while (true) {
      const digit = value & 31;
      value >>= 5;
      const more = (digit & 16) === 0 ? value !== 0 : value !== -1;
      bytes.push(48 + digit + (more ? 32 : 0));
      if (!more) break;
    }
  }
  return new DataView(Uint8Array.from(bytes).buffer);
}

/** Rows of "." and "#". */
function encodeRows(rows: readonly string[]) {
  const height = rows.length;
  const width = rows[0]?.length ?? 0;
  const runs: number[] = [0];
  let value = ".";
  for (let column = 0; column < width; column++) {
    for (const row of rows) {
      if (row[column] !== value) {
        value = value === "." ? "#" : ".";
        runs.push(0);
      }
      runs[runs.length - 1] = (runs.at(-1) ?? 0) + 1;
    }
  }
  return { rle: encode(runs), width, height };
}

const picture = fc
  .record({ width: fc.integer({ min: 1, max: 12 }), height: fc.integer({ min: 1, max: 12 }) })
  .chain(({ width, height }) =>
    fc.array(fc.string({ unit: fc.constantFrom(".", "#"), minLength: width, maxLength: width }), {
      minLength: height,
      maxLength: height,
    }),
  );

it("paintRunsWithin sets the same pixels in a part of a picture of the whole mask", () => {
  const corner = fc.nat(12);
  fc.assert(
    fc.property(picture, corner, corner, corner, corner, (rows, left, top, right, bottom) => {
      const encoded = encodeRows(rows);
      const { width, height } = encoded;
      const words = new Uint32Array(width * height);
      const bounds = { left, top, right: Math.min(right, width), bottom: Math.min(bottom, height) };
      paintRunsWithin(parseRuns(encoded), height, words, 7, bounds);
      const expected = rows.flatMap((row, r) =>
        [...row].map((pixel, c) => {
          const within = c >= left && c < right && r >= top && r < bottom;
          return within && pixel === "#" ? 7 : 0;
        }),
      );
      expect(Array.from(words)).toEqual(expected);
    }),
  );
});

it("maskOf decodes the same bytes once", () => {
  const encoded = encodeRows(["#.", ".#"]);
  expect(maskOf(encoded)).toBe(maskOf({ ...encoded }));
});

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
