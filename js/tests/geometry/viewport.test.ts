import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  clampToImage,
  clampView,
  clientToImage,
  clientToStage,
  fitImage,
  formatTransform,
  imageToStage,
  maxZoom,
  panBy,
  panIntoView,
  type Size,
  stageIn,
  stageToImage,
  transformOf,
  type View,
  viewOf,
  WHOLE_IMAGE,
  zoomAt,
} from "../../src/geometry/viewport";

const side = fc.integer({ min: 1, max: 12_000 });
const size = fc.record({ width: side, height: side });
const stageSize = fc.record({
  width: fc.integer({ min: 16, max: 2000 }),
  height: fc.integer({ min: 16, max: 720 }),
});
const ratio = fc.constantFrom(1, 1.25, 1.5, 1.75, 2, 2.5, 3);
const room = fc.record({
  width: fc.double({ min: 40, max: 2000, noNaN: true }),
  height: fc.double({ min: 160, max: 900, noNaN: true }),
});
const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const scene = fc
  .record({ image: size, stage: stageSize, zoom: fraction, x: fraction, y: fraction })
  .map(({ image, stage, zoom, x, y }) => ({
    image,
    stage,
    view: clampView({ zoom: 1 + zoom * (maxZoom(image, stage) - 1), x, y }, image, stage),
  }));

/** Along each side the image covers the stage, or lies whole in its middle, to a pixel. */
function wastesNoRoom(image: Size, stage: Size, view: View): boolean {
  const { a, d, e, f } = transformOf(image, stage, view);
  const fits = (start: number, length: number, extent: number): boolean => {
    const slack = 1e-6 * Math.max(length, extent);
    const end = start + length;
    if (length > extent + slack) return start <= slack && end >= extent - slack;
    return start >= -slack && Math.abs(start - (extent - end)) < 2 + slack;
  };
  return fits(e, a * image.width, stage.width) && fits(f, d * image.height, stage.height);
}

describe("transformOf", () => {
  it("shows the whole image in the middle, as large as the stage allows", () => {
    const image = { width: 600, height: 400 };
    const beside = transformOf(image, { width: 400, height: 200 }, WHOLE_IMAGE);
    expect(formatTransform(beside)).toBe("0.5 0 0 0.5 50 0");
    const above = transformOf(image, { width: 300, height: 251 }, WHOLE_IMAGE);
    expect(formatTransform(above)).toBe("0.5 0 0 0.5 0 25");
  });

  it("uses all of the stage when zoomed", () => {
    const image = { width: 600, height: 400 };
    const stage = { width: 400, height: 200 };
    expect(formatTransform(transformOf(image, stage, { ...WHOLE_IMAGE, zoom: 2 }))).toBe(
      "1 0 0 1 -100 -100",
    );
  });

  it("puts the whole image on whole device pixels at any ratio", () => {
    fc.assert(
      fc.property(size, room, ratio, (image, space, devicePixels) => {
        const stage = stageIn(space, devicePixels);
        const { a, d, e, f } = transformOf(image, stage, WHOLE_IMAGE);
        for (const edge of [e, f, a * image.width + e, d * image.height + f]) {
          const pixels = edge * devicePixels;
          expect(Math.abs(pixels - Math.round(pixels))).toBeLessThan(1e-6);
        }
      }),
    );
  });

  it("goes to the stage and back to the same image point", () => {
    fc.assert(
      fc.property(scene, fraction, fraction, ({ image, stage, view }, u, v) => {
        const transform = transformOf(image, stage, view);
        const point = { x: u * image.width, y: v * image.height };
        const back = stageToImage(transform, imageToStage(transform, point));
        expect(Math.abs(back.x - point.x)).toBeLessThan(1e-7 * image.width);
        expect(Math.abs(back.y - point.y)).toBeLessThan(1e-7 * image.height);
      }),
    );
  });
});

describe("clientToImage", () => {
  it("undoes the scale of a CSS transform on an ancestor, whatever the view", () => {
    const scale = fc.double({ min: 0.2, max: 5, noNaN: true });
    fc.assert(
      fc.property(
        scene,
        scale,
        scale,
        fraction,
        fraction,
        ({ image, stage, view }, sx, sy, u, v) => {
          const transform = transformOf(image, stage, view);
          const rect = {
            left: 17.25,
            top: -80.5,
            width: stage.width * sx,
            height: stage.height * sy,
          };
          const at = { x: u * stage.width, y: v * stage.height };
          const client = { x: rect.left + at.x * sx, y: rect.top + at.y * sy };
          const expected = stageToImage(transform, at);
          const found = clientToImage(rect, stage, transform, client);
          expect(Math.abs(found.x - expected.x)).toBeLessThan(1e-7 * image.width);
          expect(Math.abs(found.y - expected.y)).toBeLessThan(1e-7 * image.height);
        },
      ),
    );
  });

  it("takes a stage that is not laid out as unscaled", () => {
    const rect = { left: 0, top: 0, width: 0, height: 0 };
    expect(clientToStage(rect, { width: 10, height: 10 }, { x: 4, y: 5 })).toEqual({ x: 4, y: 5 });
  });
});

describe("zoomAt", () => {
  it("wastes no room", () => {
    const factor = fc.double({ min: 0.01, max: 100, noNaN: true });
    fc.assert(
      fc.property(scene, factor, fraction, fraction, ({ image, stage, view }, times, u, v) => {
        const limit = maxZoom(image, stage);
        const anchor = { x: u * stage.width, y: v * stage.height };
        const next = zoomAt(view, times, anchor, image, stage);
        expect(next.zoom).toBeGreaterThanOrEqual(1);
        expect(next.zoom).toBeLessThanOrEqual(limit);
        expect(wastesNoRoom(image, stage, next)).toBe(true);
      }),
    );
  });

  it("keeps what is under the pointer there, once the image covers the stage", () => {
    fc.assert(
      fc.property(scene, fraction, fraction, ({ image, stage, view }, u, v) => {
        const anchor = { x: u * stage.width, y: v * stage.height };
        const start = transformOf(image, stage, view);
        const next = zoomAt(view, 1.5, anchor, image, stage);
        const before = stageToImage(start, anchor);
        const after = stageToImage(transformOf(image, stage, next), anchor);
        if (start.a * image.width >= stage.width)
          expect(Math.abs(after.x - before.x)).toBeLessThan(1e-6 * image.width);
        if (start.d * image.height >= stage.height)
          expect(Math.abs(after.y - before.y)).toBeLessThan(1e-6 * image.height);
      }),
    );
  });

  it("shows an image pixel at 32 CSS pixels or more when zoomed in fully", () => {
    fc.assert(
      fc.property(size, stageSize, (image, stage) => {
        const zoom = maxZoom(image, stage);
        const { a, d } = transformOf(image, stage, { ...WHOLE_IMAGE, zoom });
        expect(Math.min(a, d)).toBeGreaterThan(31.999);
      }),
    );
  });
});

describe("panBy", () => {
  const image = { width: 400, height: 200 };
  const stage = { width: 200, height: 100 };

  it("moves the image with the pointer and stops at its borders", () => {
    const view = { zoom: 2, x: 0.5, y: 0.5 };
    expect(panBy(view, 40, -20, image, stage)).toEqual({ zoom: 2, x: 0.4, y: 0.6 });
    expect(panBy(view, 4000, -4000, image, stage)).toEqual({ zoom: 2, x: 0.25, y: 0.75 });
  });

  it("cannot move an image that is shown whole, nor one across where there is room", () => {
    expect(panBy(WHOLE_IMAGE, 30, 30, image, stage)).toEqual(WHOLE_IMAGE);
    const wide = { width: 900, height: 100 };
    expect(panBy({ zoom: 2, x: 0.5, y: 0.5 }, 40, -20, image, wide)).toEqual({
      zoom: 2,
      x: 0.5,
      y: 0.6,
    });
  });
});

describe("panIntoView", () => {
  const image = { width: 200, height: 100 };
  const stage = { width: 200, height: 100 };
  const corner = { zoom: 2, x: 0.25, y: 0.25 };

  it("leaves the view alone while the point is well inside", () => {
    expect(panIntoView(corner, { x: 50, y: 25 }, image, stage, 20)).toBe(corner);
  });

  it("pans by what is missing", () => {
    const view = panIntoView(corner, { x: 110, y: 25 }, image, stage, 20);
    expect(imageToStage(transformOf(image, stage, view), { x: 110, y: 25 }).x).toBeCloseTo(180);
  });
});

it("viewOf shows a box in the middle, with room around it", () => {
  const image = { width: 400, height: 200 };
  const stage = { width: 300, height: 200 };
  const view = viewOf({ x0: 180, y0: 90, x1: 220, y1: 110 }, image, stage);
  const transform = transformOf(image, stage, view);
  const middle = imageToStage(transform, { x: 200, y: 100 });
  expect(middle.x).toBeCloseTo(150);
  expect(middle.y).toBeCloseTo(100);
  expect(transform.a * 40).toBeCloseTo(0.6 * stage.width);
});

describe("fitImage", () => {
  it.each([
    ["wide photo", { width: 4000, height: 3000 }, { width: 800, height: 600 }],
    ["tall photo, bound by the height", { width: 3000, height: 4000 }, { width: 450, height: 600 }],
    ["small photo, enlarged", { width: 64, height: 32 }, { width: 800, height: 400 }],
    ["thin strip, at least 16 high", { width: 10_000, height: 10 }, { width: 800, height: 16 }],
    ["a few pixels, which stay pixels", { width: 4, height: 3 }, { width: 128, height: 96 }],
  ])("%s", (_, image, expected) => {
    expect(fitImage(image, { width: 800, height: 600 })).toEqual(expected);
  });
});

describe("stageIn", () => {
  it("is whole device pixels at fractional ratios, within the room there is", () => {
    fc.assert(
      fc.property(room, ratio, (space, devicePixels) => {
        const { width, height } = stageIn(space, devicePixels);
        for (const length of [width, height]) {
          expect(Number.isInteger(length)).toBe(true);
          expect(Number.isInteger(length * devicePixels)).toBe(true);
        }
        expect(space.width - width).toBeGreaterThanOrEqual(0);
        expect(space.width - width).toBeLessThan(4);
        expect(space.height - height).toBeGreaterThanOrEqual(0);
        expect(space.height - height).toBeLessThan(4);
      }),
    );
  });
});

it("clampToImage accepts the borders and nothing beyond", () => {
  const image = { width: 4, height: 3 };
  expect(clampToImage(image, { x: -1, y: 9 })).toEqual({ x: 0, y: 3 });
  expect(clampToImage(image, { x: 4, y: 0 })).toEqual({ x: 4, y: 0 });
});
