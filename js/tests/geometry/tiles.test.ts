import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeFrame } from "../../src/geometry/frame";
import { levelFor, tileBox, tileCovers, visibleTiles } from "../../src/geometry/tiles";
import {
  clampView,
  maxZoom,
  stageToImage,
  transformOf,
  type View,
  WHOLE_IMAGE,
} from "../../src/geometry/viewport";
import type { ImageState } from "../../src/protocol";
import { IMAGE } from "../support/scene";

/** 8192 x 4096 pixels, shown at first by a preview of a quarter of that. */
const LARGE: ImageState = {
  ...IMAGE,
  width: 8192,
  height: 4096,
  preview_width: 2048,
  preview_height: 1024,
  max_level: 1,
};
const STAGE = { width: 1024, height: 512 };

function frameOf(view: View, pixelRatio = 1) {
  const backing = { width: STAGE.width * pixelRatio, height: STAGE.height * pixelRatio };
  return makeFrame(LARGE, STAGE, backing, transformOf(LARGE, STAGE, view));
}

describe("levelFor", () => {
  it.each([
    ["the preview while it is sharp", 0.125, -1],
    ["the preview while it is nearly sharp", 0.3, -1],
    ["half size", 0.5, 1],
    ["half size, slightly enlarged", 0.64, 1],
    ["full size", 1, 0],
    ["full size, enlarged", 32, 0],
  ])("%s", (_, scale, level) => {
    expect(levelFor(LARGE, scale)).toBe(level);
  });

  it("is the preview where there is nothing sharper", () => {
    expect(levelFor(IMAGE, 32)).toBe(-1);
  });
});

describe("visibleTiles", () => {
  it("asks for none while the whole image is shown", () => {
    expect(visibleTiles(LARGE, frameOf(WHOLE_IMAGE))).toEqual([]);
  });

  it("covers every visible image point, and asks for nothing that is hidden", () => {
    const fraction = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fraction, fraction, fraction, fraction, fraction, (z, left, top, u, v) => {
        const limit = maxZoom(LARGE, STAGE);
        const view = clampView({ zoom: 8 + z * (limit - 8), x: left, y: top }, LARGE, STAGE);
        const frame = frameOf(view);
        const tiles = visibleTiles(LARGE, frame);
        const at = stageToImage(frame.transform, { x: u * STAGE.width, y: v * STAGE.height });
        const covered = tiles.some((tile) => {
          const { x0, y0, x1, y1 } = tileBox(LARGE, tile);
          const slack = 1e-6;
          return (
            at.x >= x0 - slack && at.x <= x1 + slack && at.y >= y0 - slack && at.y <= y1 + slack
          );
        });
        expect(covered).toBe(true);
        expect(tiles.length).toBeLessThanOrEqual(9 * 5);
        for (const tile of tiles) {
          const { x0, y0, x1, y1 } = tileBox(LARGE, tile);
          expect(x1 > x0 && y1 > y0).toBe(true);
        }
      }),
    );
  });

  it("begins in the middle", () => {
    const view = clampView({ zoom: 8, x: 0.4, y: 0.4 }, LARGE, STAGE);
    const [first] = visibleTiles(LARGE, frameOf(view));
    const middle = { x: 0.4 * LARGE.width, y: 0.4 * LARGE.height };
    const { x0, y0, x1, y1 } = tileBox(LARGE, first ?? { level: 0, column: 0, row: 0 });
    expect(middle.x >= x0 && middle.x <= x1 && middle.y >= y0 && middle.y <= y1).toBe(true);
  });

  it("needs finer tiles on finer screens", () => {
    const view = clampView({ zoom: 4, x: 0, y: 0 }, LARGE, STAGE);
    expect(visibleTiles(LARGE, frameOf(view, 1))[0]?.level).toBe(1);
    expect(visibleTiles(LARGE, frameOf(view, 2))[0]?.level).toBe(0);
  });
});

it("tileBox clips the last tiles to the image", () => {
  const image = { ...LARGE, width: 1000, height: 700 };
  expect(tileBox(image, { level: 0, column: 1, row: 1 })).toEqual({
    x0: 512,
    y0: 512,
    x1: 1000,
    y1: 700,
  });
});

it("tileCovers finds coarser tiles over finer ones", () => {
  const fine = { level: 0, column: 5, row: 2 };
  expect(tileCovers({ level: 2, column: 1, row: 0 }, fine)).toBe(true);
  expect(tileCovers({ level: 2, column: 0, row: 0 }, fine)).toBe(false);
  expect(tileCovers({ level: 0, column: 5, row: 2 }, { level: 1, column: 2, row: 1 })).toBe(false);
});
