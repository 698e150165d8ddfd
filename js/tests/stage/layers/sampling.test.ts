import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeFrame } from "../../../src/geometry/frame";
import { type Mask, maskHas } from "../../../src/geometry/masks";
import { clampView, maxZoom, stageToImage, transformOf } from "../../../src/geometry/viewport";
import {
  blankPixels,
  type Pixels,
  pack,
  regionOf,
  sampleMask,
  samplePicture,
} from "../../../src/stage/layers/sampling";

const scene = fc
  .record({
    image: fc.record({
      width: fc.integer({ min: 4, max: 90 }),
      height: fc.integer({ min: 4, max: 90 }),
    }),
    shrink: fc.constantFrom(1, 2),
    stage: fc.record({
      width: fc.integer({ min: 16, max: 60 }),
      height: fc.integer({ min: 16, max: 60 }),
    }),
    ratio: fc.constantFrom(1, 1.25, 1.5, 2),
    zoom: fc.double({ min: 0, max: 1, noNaN: true }),
    left: fc.double({ min: 0, max: 1, noNaN: true }),
    top: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.integer({ min: 1, max: 1e6 }),
  })
  .map(({ image, shrink, stage, ratio, zoom, left, top, seed }) => {
    const limit = maxZoom(image, stage);
    const view = clampView({ zoom: 1 + zoom * (limit - 1), x: left, y: top }, image, stage);
    const backing = {
      width: Math.round(stage.width * ratio),
      height: Math.round(stage.height * ratio),
    };
    const frame = makeFrame(image, stage, backing, transformOf(image, stage, view));
    const width = Math.ceil(image.width / shrink);
    const height = Math.ceil(image.height / shrink);
    const columns = Math.max(1, Math.floor(width / 2));
    const rows = Math.max(1, Math.floor(height / 2));
    const data = Uint8Array.from({ length: columns * rows }, (_, at) => ((at * seed) >> 3) & 1);
    const mask: Mask = { width, height, left: 1, top: 1, columns, rows, data };
    return { frame, mask };
  });

function countFilled({ words }: Pixels): number {
  return words.filter((word) => word !== 0).length;
}

describe("sampleMask", () => {
  it("shows in every device pixel the mask's pixel under its centre, and none beside the image", () => {
    fc.assert(
      fc.property(scene, ({ frame, mask }) => {
        const { backing, device, image } = frame;
        const pixels = blankPixels({ left: 0, top: 0, ...backing });
        sampleMask(mask, frame, pixels, 7);
        const wrong: string[] = [];
        for (let y = 0; y < backing.height; y++) {
          for (let x = 0; x < backing.width; x++) {
            const at = stageToImage(device, { x: x + 0.5, y: y + 0.5 });
            const row = Math.floor((at.y * mask.height) / image.height);
            const column = Math.floor((at.x * mask.width) / image.width);
            const shown = pixels.words[y * backing.width + x] === 7;
            if (shown !== maskHas(mask, row, column)) wrong.push(`${x}, ${y}`);
          }
        }
        expect(wrong).toEqual([]);
      }),
    );
  });

  it("loses nothing by drawing only the mask's own region", () => {
    fc.assert(
      fc.property(scene, ({ frame, mask }) => {
        const { backing } = frame;
        const whole = blankPixels({ left: 0, top: 0, ...backing });
        sampleMask(mask, frame, whole, 7);
        const region = regionOf(mask, frame) ?? { left: 0, top: 0, width: 0, height: 0 };
        const part = blankPixels(region);
        sampleMask(mask, frame, part, 7);
        expect(countFilled(part)).toBe(countFilled(whole));
        expect(region.left + region.width).toBeLessThanOrEqual(backing.width);
        expect(region.top + region.height).toBeLessThanOrEqual(backing.height);
      }),
    );
  });
});

it("samplePicture copies words and leaves what is under zeros", () => {
  const image = { width: 2, height: 1 };
  const stage = { width: 4, height: 2 };
  const frame = makeFrame(image, stage, stage, { a: 2, d: 2, e: 0, f: 0 });
  const pixels = blankPixels({ left: 0, top: 0, ...stage });
  pixels.words.fill(9);
  samplePicture({ ...image, words: Uint32Array.of(0, 5) }, frame, pixels);
  expect(Array.from(pixels.words)).toEqual([9, 9, 5, 5, 9, 9, 5, 5]);
});

it("samplePicture leaves what is beside the image", () => {
  const image = { width: 2, height: 1 };
  const stage = { width: 4, height: 3 };
  const frame = makeFrame(image, stage, stage, { a: 1, d: 1, e: 1, f: 1 });
  const pixels = blankPixels({ left: 0, top: 0, ...stage });
  samplePicture({ ...image, words: Uint32Array.of(3, 5) }, frame, pixels);
  expect(Array.from(pixels.words)).toEqual([0, 0, 0, 0, 0, 3, 5, 0, 0, 0, 0, 0]);
});

it("pack orders bytes as ImageData does", () => {
  const words = Uint32Array.of(pack([1, 2, 3, 255]));
  expect(Array.from(new Uint8Array(words.buffer))).toEqual([1, 2, 3, 255]);
});
