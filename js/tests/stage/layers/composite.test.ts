import fc from "fast-check";
import { expect, it } from "vitest";
import { encodeMask } from "../../../dev/rle";
import { MaskError } from "../../../src/geometry/rle";
import { Composite } from "../../../src/stage/layers/composite";
import type { SceneAnnotation } from "../../../src/state/annotations";
import { annotation } from "../../support/values";

const WIDTH = 14;
const HEIGHT = 9;
const COLORS = ["#ff0000", "#00ff00", "#0000ff"];

function rectangle(left: number, top: number, width: number, height: number): DataView {
  return encodeMask(
    WIDTH,
    HEIGHT,
    (row, column) => row >= top && row < top + height && column >= left && column < left + width,
  );
}

const rle = fc
  .tuple(fc.nat(WIDTH), fc.nat(HEIGHT), fc.nat(6), fc.nat(6))
  .map(([left, top, width, height]) => rectangle(left, top, width, height));

const annotations: fc.Arbitrary<SceneAnnotation[]> = fc
  .uniqueArray(fc.record({ id: fc.nat(8), rle, color: fc.nat(2), visible: fc.boolean() }), {
    selector: ({ id }) => id,
  })
  .map((list) =>
    list.map(({ id, color, ...rest }) =>
      annotation(`${id}`, { ...rest, color: COLORS[color] ?? "", width: WIDTH, height: HEIGHT }),
    ),
  );

it("paints the same picture step by step as at once, and only where it says", () => {
  fc.assert(
    fc.property(fc.array(annotations, { minLength: 1, maxLength: 6 }), (steps) => {
      const kept = new Composite(WIDTH, HEIGHT);
      for (const step of steps) {
        const before = kept.words.slice();
        const region = kept.update(step);
        const fresh = new Composite(WIDTH, HEIGHT);
        fresh.update(step);
        expect(kept.words).toEqual(fresh.words);
        before.forEach((word, at) => {
          if (word === kept.words[at] || region === "all") return;
          const [row, column] = [Math.floor(at / WIDTH), at % WIDTH];
          expect(region).not.toBeNull();
          expect(row >= (region?.top ?? 0) && row < (region?.bottom ?? 0)).toBe(true);
          expect(column >= (region?.left ?? 0) && column < (region?.right ?? 0)).toBe(true);
        });
      }
    }),
  );
});

it("paints nothing when only a label changes", () => {
  const square = annotation("a", { rle: rectangle(1, 1, 3, 3), width: WIDTH, height: HEIGHT });
  const picture = new Composite(WIDTH, HEIGHT);
  expect(picture.update([square])).toEqual({ left: 1, top: 1, right: 4, bottom: 4 });
  expect(picture.update([{ ...square, label: "other" }])).toBeNull();
  expect(picture.update([{ ...square, visible: false }])).not.toBeNull();
  expect(picture.words.every((word) => word === 0)).toBe(true);
});

it("refuses a malformed mask", () => {
  const broken = new DataView(new ArrayBuffer(3));
  const square = annotation("a", { rle: broken, width: WIDTH, height: HEIGHT });
  expect(() => new Composite(WIDTH, HEIGHT).update([square])).toThrow(MaskError);
});
