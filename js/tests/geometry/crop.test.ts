import { describe, expect, it } from "vitest";
import { cropAround } from "../../src/geometry/crop";
import type { Mask } from "../../src/geometry/masks";

function maskAt(left: number, top: number, columns: number, rows: number): Mask {
  return {
    width: 200,
    height: 100,
    left,
    top,
    columns,
    rows,
    data: new Uint8Array(columns * rows),
  };
}

describe("a thumbnail's crop", () => {
  const image = { width: 400, height: 200 };

  it("surrounds all masks with room, in image pixels", () => {
    const crop = cropAround([maskAt(80, 40, 10, 10), maskAt(90, 50, 10, 10)], image);
    expect(crop).toEqual({ left: 154, top: 74, side: 52 });
  });

  it("stays inside the image where it fits, and is centred where it does not", () => {
    expect(cropAround([maskAt(0, 0, 20, 20)], image)).toEqual({ left: 0, top: 0, side: 52 });
    expect(cropAround([maskAt(0, 0, 200, 100)], image)).toEqual({ left: 0, top: -100, side: 400 });
    expect(cropAround([], image)).toEqual({ left: 0, top: -100, side: 400 });
  });
});
