import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  clampToImage,
  clampView,
  clientToImage,
  clientToStage,
  fitStage,
  formatTransform,
  IDENTITY_VIEW,
  imageToStage,
  maxZoom,
  panBy,
  panIntoView,
  stageToImage,
  transformOf,
  type View,
  zoomAt,
} from "../../src/geometry/viewport";

const side = fc.integer({ min: 1, max: 12_000 });
const size = fc.record({ width: side, height: side });
const stageSize = fc.record({
  width: fc.integer({ min: 16, max: 2000 }),
  height: fc.integer({ min: 16, max: 720 }),
});
const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const viewUpTo = (limit: number) =>
  fc
    .record({ zoom: fraction, left: fraction, top: fraction })
    .map(({ zoom, left, top }) => clampView({ zoom: 1 + zoom * (limit - 1), left, top }, limit));
const scene = fc.record({ image: size, stage: stageSize }).chain(({ image, stage }) =>
  fc.record({
    image: fc.constant(image),
    stage: fc.constant(stage),
    view: viewUpTo(maxZoom(image, stage)),
  }),
);

/** Every corner of the image lies at or beyond that of the stage. */
function covers(stage: { width: number; height: number }, view: View): boolean {
  const right = (1 - view.left) * view.zoom * stage.width;
  const bottom = (1 - view.top) * view.zoom * stage.height;
  const slack = 1e-6 * view.zoom;
  return (
    view.left >= 0 &&
    view.top >= 0 &&
    right >= stage.width - slack &&
    bottom >= stage.height - slack
  );
}

describe("transformOf", () => {
  it("covers the stage exactly with the whole image at zoom 1", () => {
    const transform = transformOf(
      { width: 600, height: 400 },
      { width: 300, height: 100 },
      IDENTITY_VIEW,
    );
    expect(formatTransform(transform)).toBe("0.5 0 0 0.25 0 0");
    expect(imageToStage(transform, { x: 600, y: 400 })).toEqual({ x: 300, y: 100 });
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
  it("keeps the image over the whole stage", () => {
    const factor = fc.double({ min: 0.01, max: 100, noNaN: true });
    fc.assert(
      fc.property(scene, factor, fraction, fraction, ({ image, stage, view }, times, u, v) => {
        const limit = maxZoom(image, stage);
        const anchor = { x: u * stage.width, y: v * stage.height };
        const next = zoomAt(view, times, anchor, stage, limit);
        expect(next.zoom).toBeGreaterThanOrEqual(1);
        expect(next.zoom).toBeLessThanOrEqual(limit);
        expect(covers(stage, next)).toBe(true);
      }),
    );
  });

  it("keeps what is under the pointer there when zooming in", () => {
    fc.assert(
      fc.property(scene, fraction, fraction, ({ image, stage, view }, u, v) => {
        const anchor = { x: u * stage.width, y: v * stage.height };
        const before = stageToImage(transformOf(image, stage, view), anchor);
        const next = zoomAt(view, 1.5, anchor, stage, maxZoom(image, stage));
        const after = stageToImage(transformOf(image, stage, next), anchor);
        expect(Math.abs(after.x - before.x)).toBeLessThan(1e-6 * image.width);
        expect(Math.abs(after.y - before.y)).toBeLessThan(1e-6 * image.height);
      }),
    );
  });

  it("shows an image pixel at 32 CSS pixels or more when zoomed in fully", () => {
    fc.assert(
      fc.property(size, stageSize, (image, stage) => {
        const zoom = maxZoom(image, stage);
        const { a, d } = transformOf(image, stage, { zoom, left: 0, top: 0 });
        expect(Math.min(a, d)).toBeGreaterThan(31.999);
      }),
    );
  });
});

describe("panBy", () => {
  const stage = { width: 200, height: 100 };

  it("moves the image with the pointer and stops at its borders", () => {
    const view = { zoom: 2, left: 0.25, top: 0.25 };
    expect(panBy(view, 40, -20, stage)).toEqual({ zoom: 2, left: 0.15, top: 0.35 });
    expect(panBy(view, 4000, -4000, stage)).toEqual({ zoom: 2, left: 0, top: 0.5 });
  });

  it("cannot move an image that is shown whole", () => {
    expect(panBy(IDENTITY_VIEW, 30, 30, stage)).toEqual(IDENTITY_VIEW);
  });
});

describe("panIntoView", () => {
  const image = { width: 200, height: 100 };
  const stage = { width: 200, height: 100 };

  it("leaves the view alone while the point is well inside", () => {
    const view = { zoom: 2, left: 0, top: 0 };
    expect(panIntoView(view, { x: 50, y: 25 }, image, stage, 20)).toBe(view);
  });

  it("pans by what is missing", () => {
    const view = panIntoView({ zoom: 2, left: 0, top: 0 }, { x: 110, y: 25 }, image, stage, 20);
    expect(imageToStage(transformOf(image, stage, view), { x: 110, y: 25 }).x).toBeCloseTo(180);
  });
});

describe("fitStage", () => {
  it.each([
    ["wide photo", { width: 4000, height: 3000 }, { width: 800, height: 600 }],
    ["tall photo, bound by the height", { width: 3000, height: 4000 }, { width: 450, height: 600 }],
    ["small photo, enlarged", { width: 64, height: 32 }, { width: 512, height: 256 }],
    ["photo that fits as it is", { width: 640, height: 480 }, { width: 640, height: 480 }],
    ["thin strip, at least 16 high", { width: 10_000, height: 10 }, { width: 800, height: 16 }],
    ["a single pixel", { width: 1, height: 1 }, { width: 512, height: 512 }],
  ])("%s", (_, image, expected) => {
    expect(fitStage(image, { width: 800, height: 600 }, 1)).toEqual(expected);
  });

  it("is whole device pixels at fractional ratios, within the space there is", () => {
    const ratio = fc.constantFrom(1, 1.25, 1.5, 1.75, 2, 2.5, 3);
    const space = fc.record({
      width: fc.integer({ min: 40, max: 2000 }),
      height: fc.integer({ min: 160, max: 720 }),
    });
    fc.assert(
      fc.property(size, space, ratio, (image, available, devicePixels) => {
        const { width, height } = fitStage(image, available, devicePixels);
        for (const length of [width, height]) {
          expect(Number.isInteger(length)).toBe(true);
          expect(Number.isInteger(length * devicePixels)).toBe(true);
          expect(length).toBeGreaterThanOrEqual(16);
        }
        expect(width).toBeLessThanOrEqual(available.width);
        expect(height).toBeLessThanOrEqual(available.height);
      }),
    );
  });
});

it("clampToImage accepts the borders and nothing beyond", () => {
  const image = { width: 4, height: 3 };
  expect(clampToImage(image, { x: -1, y: 9 })).toEqual({ x: 0, y: 3 });
  expect(clampToImage(image, { x: 4, y: 0 })).toEqual({ x: 4, y: 0 });
});
