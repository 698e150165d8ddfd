import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boxFromCorners, movedBox, resizedBox } from "../../src/geometry/boxes";
import { IMAGE } from "../support/scene";

const BOX = { x0: 50, y0: 20, x1: 150, y1: 80 };

describe("adjusted boxes", () => {
  const delta = fc.record({
    x: fc.double({ min: -400, max: 400, noNaN: true }),
    y: fc.double({ min: -400, max: 400, noNaN: true }),
  });
  const side = fc.constantFrom(-1, 0, 1) as fc.Arbitrary<-1 | 0 | 1>;

  it("stay in the image and in order", () => {
    fc.assert(
      fc.property(delta, side, side, (by, x, y) => {
        const result =
          x === 0 && y === 0 ? movedBox(BOX, by, IMAGE) : resizedBox(BOX, { x, y }, by, IMAGE);
        expect(result.x0).toBeGreaterThanOrEqual(0);
        expect(result.y0).toBeGreaterThanOrEqual(0);
        expect(result.x1).toBeLessThanOrEqual(IMAGE.width);
        expect(result.y1).toBeLessThanOrEqual(IMAGE.height);
        expect(result.x0).toBeLessThanOrEqual(result.x1);
        expect(result.y0).toBeLessThanOrEqual(result.y1);
      }),
    );
  });
});

it("boxFromCorners puts corners in order", () => {
  expect(boxFromCorners({ x: 5, y: 1 }, { x: 2, y: 8 })).toEqual({ x0: 2, y0: 1, x1: 5, y1: 8 });
});
