import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeMask, maskHas, maskOf } from "../../src/geometry/masks";
import { parseRuns } from "../../src/geometry/rle";
import { encode, encodeRows, picture } from "../support/masks";

function rowsOf(mask: ReturnType<typeof decodeMask>): string[] {
  return Array.from({ length: mask.height }, (_, row) =>
    Array.from({ length: mask.width }, (__, column) =>
      maskHas(mask, row, column) ? "#" : ".",
    ).join(""),
  );
}

const text = (string: string) => new DataView(new TextEncoder().encode(string).buffer);

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

it("maskOf decodes the same bytes once", () => {
  const encoded = encodeRows(["#.", ".#"]);
  expect(maskOf(encoded)).toBe(maskOf({ ...encoded }));
});
