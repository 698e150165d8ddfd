import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeMask, type Mask } from "../../src/geometry/masks";
import { MaskError, paintRunsWithin, parseRuns, sampleRuns } from "../../src/geometry/rle";
import { encodeRows, picture } from "../support/masks";

const text = (string: string) => new DataView(new TextEncoder().encode(string).buffer);

function attempt<Result, Failure>(work: () => Result): Result | Failure {
  try {
    return work();
  } catch (error) {
    return error as Failure;
  }
}

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

it("sampleRuns looks at some columns and rows, and finds nothing outside the mask", () => {
  const places = fc.array(fc.integer({ min: -3, max: 15 })).map((all) => all.sort((a, b) => a - b));
  fc.assert(
    fc.property(picture, places, places, (rows, across, down) => {
      const encoded = encodeRows(rows);
      const found = sampleRuns(parseRuns(encoded), encoded, across, down);
      const expected = down.flatMap((r) => across.map((c) => (rows[r]?.[c] === "#" ? 1 : 0)));
      expect(Array.from(found)).toEqual(expected);
    }),
  );
});

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
