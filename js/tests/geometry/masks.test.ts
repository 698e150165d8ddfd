import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { decodeMask, maskHas, maskOf } from "../../src/geometry/masks";
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
