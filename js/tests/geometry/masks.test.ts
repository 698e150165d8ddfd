import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { traceContour } from "../../src/geometry/contours";
import { decodeMask, type Mask, maskHas, maskOf } from "../../src/geometry/masks";
import { MaskError, paintRunsWithin, parseRuns } from "../../src/geometry/rle";

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

function rowsOf(mask: ReturnType<typeof decodeMask>): string[] {
  return Array.from({ length: mask.height }, (_, row) =>
    Array.from({ length: mask.width }, (__, column) =>
      maskHas(mask, row, column) ? "#" : ".",
    ).join(""),
  );
}

const text = (string: string) => new DataView(new TextEncoder().encode(string).buffer);

const picture = fc
  .record({ width: fc.integer({ min: 1, max: 12 }), height: fc.integer({ min: 1, max: 12 }) })
  .chain(({ width, height }) =>
    fc.array(fc.string({ unit: fc.constantFrom(".", "#"), minLength: width, maxLength: width }), {
      minLength: height,
      maxLength: height,
    }),
  );

describe("decodeMask", () => {
  it("reads a string made by pycocotools", () => {
    // pycocotools.mask.encode of [[0, 1, 1], [0, 1, 0]] as Fortran-ordered uint8.
    const mask = decodeMask({ rle: text("231"), width: 3, height: 2 });
    expect(rowsOf(mask)).toEqual([".##", ".#."]);
    expect(mask).toMatchObject({ left: 1, top: 0, columns: 2, rows: 2 });
  });

  it("gives back any mask, cut to its true pixels", () => {
    fc.assert(
      fc.property(picture, (rows) => {
        const mask = decodeMask(encodeRows(rows));
        expect(rowsOf(mask)).toEqual(rows);
        const filled = rows.join("").includes("#");
        expect(mask.columns > 0 && mask.rows > 0).toBe(filled);
        const edge = [0, mask.rows - 1].every((row) =>
          mask.data.subarray(row * mask.columns, (row + 1) * mask.columns).includes(1),
        );
        expect(edge).toBe(filled);
      }),
    );
  });

  it("reads long runs", () => {
    const runs = [3_000_000, 12, 999_000, 988];
    const mask = decodeMask({ rle: encode(runs), width: 4000, height: 1000 });
    expect(Array.from(parseRuns({ rle: encode(runs), width: 4000, height: 1000 }))).toEqual(runs);
    expect(mask.data.reduce((sum, value) => sum + value, 0)).toBe(1000);
  });

  it("minds where the bytes begin in their buffer", () => {
    const whole = new TextEncoder().encode("xx231yy");
    const rle = new DataView(whole.buffer, 2, 3);
    expect(rowsOf(decodeMask({ rle, width: 3, height: 2 }))).toEqual([".##", ".#."]);
  });
});

function attempt<Result, Failure>(work: () => Result): Result | Failure {
  try {
    return work();
  } catch (error) {
    return error as Failure;
  }
}

describe("malformed masks", () => {
  it.each([
    ["too few pixels", "23", 3, 2, /cover 5 of 3 x 2/u],
    ["too many pixels", "239", 3, 2, /leaves the mask/u],
    ["nothing at all", "", 3, 2, /cover 0/u],
    ["a cut string", "2P", 3, 2, /has no end/u],
    ["endless digits", "PPPPPPPPPPPP", 3, 2, /has no end/u],
    ["no digit", "2 1", 3, 2, /Byte 1/u],
    ["letters beyond the digits", "2~1", 3, 2, /Byte 1/u],
    ["a negative run", "N", 3, 2, /leaves the mask/u],
    ["no rows", "0", 3, 0, /sides above 0/u],
    ["half a column", "231", 3.5, 2, /sides above 0/u],
    ["not a number", "231", Number.NaN, 2, /sides above 0/u],
    ["too large a mask", "231", 100_000, 100_000, /at most/u],
  ])("%s", (_, string, width, height, message) => {
    expect(() => decodeMask({ rle: text(string), width, height })).toThrow(MaskError);
    expect(() => decodeMask({ rle: text(string), width, height })).toThrow(message);
  });

  it("never throws anything else, nor reads past the mask", () => {
    const size = fc.integer({ min: -2, max: 40 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), size, size, (bytes, width, height) => {
        const rle = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        const outcome = attempt<Mask, Error>(() => decodeMask({ rle, width, height }));
        const fits = "data" in outcome && outcome.data.length <= width * height;
        expect(fits || outcome instanceof MaskError).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

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
