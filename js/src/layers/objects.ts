// Accepted objects, each tinted and outlined in its colour. Their pixels are composed once, at the
// masks' own size, and kept until an object changes: a frame costs the same for one and for 500.

import { computed, type ReadonlySignal } from "@preact/signals-core";
import { type Contour, contourOf, traceContour } from "../contour";
import { decodeMask, maskOf, paintRuns, parseRuns } from "../masks";
import type { Bytes } from "../protocol";
import type { SceneObject, Store } from "../store";
import type { Size } from "../viewport";
import type { Frame, Layer } from "./layer";
import { blankPixels, pack, putPixels, type Rgba, sampleMask, samplePicture } from "./sampling";
import { type Line, strokeContour } from "./stroke";

const ALPHA = 105;
const HIGHLIGHT_ALPHA = 170;
/** Milliseconds a frame may spend on tracing outlines not seen before. */
const TRACING_MS = 8;
/** Corners a frame may stroke; beyond that the tints have to do. */
const MOST_CORNERS = 120_000;
/** Objects smaller than this on screen (device pixels) are all outline: it is left out. */
const LEAST_SIDE = 6;

interface Composite extends Size {
  readonly words: Uint32Array;
}

/** Red, green and blue of "#rrggbb"; a middle grey for anything else. */
export function parseColor(color: string, alpha: number): Rgba {
  const hex = /^#([0-9a-f]{6})$/iu.exec(color)?.[1] ?? "808080";
  const value = Number.parseInt(hex, 16);
  return [Math.floor(value / 65_536), Math.floor(value / 256) % 256, value % 256, alpha];
}

/** One picture per size of mask, in practice a single one; later objects lie on earlier ones. */
export function compose(objects: readonly SceneObject[]): Composite[] {
  const bySize = new Map<string, Composite>();
  for (const object of objects) {
    if (!object.visible) continue;
    const { width, height } = object;
    const runs = parseRuns(object);
    const key = `${width}x${height}`;
    const picture = bySize.get(key) ?? { width, height, words: new Uint32Array(width * height) };
    bySize.set(key, picture);
    paintRuns(runs, height, picture.words, pack(parseColor(object.color, ALPHA)));
  }
  return [...bySize.values()];
}

/** All but the object that was reopened: it is on screen as the mask that is to replace it. */
export function objectsOnStage(store: Store): ReadonlySignal<readonly SceneObject[]> {
  const reopened = computed(() => store.document.value.reopened);
  return computed(() => {
    const { value: objects } = store.objects;
    return reopened.value === null ? objects : objects.filter(({ id }) => id !== reopened.value);
  });
}

export function objectsLayer(store: Store): Layer {
  const contours = new WeakMap<Bytes, Contour>();
  const shown = objectsOnStage(store);
  let composed: readonly SceneObject[] | null = null;
  let composites: Composite[] = [];

  /** Traces as many new outlines as time allows; true if some are left. */
  const trace = (objects: readonly SceneObject[]): boolean => {
    const end = performance.now() + TRACING_MS;
    for (const object of objects) {
      if (contours.has(object.rle)) continue;
      if (performance.now() > end) return true;
      contours.set(object.rle, traceContour(decodeMask(object)));
    }
    return false;
  };

  const outline = (
    context: CanvasRenderingContext2D,
    frame: Frame,
    object: SceneObject,
  ): number => {
    const contour = contours.get(object.rle);
    if (!(contour && onStage(object, frame))) return 0;
    const lines: Line[] = [{ color: object.color, width: 1.5 }];
    strokeContour(context, contour, object, frame, lines);
    return contour.points.length / 2;
  };

  return {
    name: "objects",
    watch: () => [shown.value, store.highlighted.value],
    draw(context, frame) {
      const { value: objects } = shown;
      const highlighted = objects.find(({ id }) => id === store.highlighted.value);
      const visible = objects.filter((object) => object.visible);
      if (composed !== objects) {
        composites = compose(objects);
        composed = objects;
      }
      if (visible.length > 0 || highlighted) {
        const pixels = blankPixels({ left: 0, top: 0, ...frame.backing });
        for (const picture of composites) samplePicture(picture, frame, pixels);
        if (highlighted) {
          const word = pack(parseColor(highlighted.color, HIGHLIGHT_ALPHA));
          sampleMask(maskOf(highlighted), frame, pixels, word);
        }
        putPixels(context, pixels);
      }
      const unfinished = trace(visible);
      let corners = 0;
      for (const object of visible) {
        if (corners < MOST_CORNERS) corners += outline(context, frame, object);
      }
      if (highlighted) highlight(context, frame, highlighted);
      return unfinished;
    },
  };
}

function highlight(context: CanvasRenderingContext2D, frame: Frame, object: SceneObject): void {
  strokeContour(context, contourOf(maskOf(object)), object, frame, [
    { color: "rgb(0 0 0 / 0.55)", width: 6 },
    { color: "#fff", width: 4 },
    { color: object.color, width: 2 },
  ]);
}

function onStage({ bbox }: SceneObject, { device, backing }: Frame): boolean {
  const [x, y, width, height] = bbox;
  const left = device.a * x + device.e;
  const top = device.d * y + device.f;
  const right = left + device.a * width;
  const bottom = top + device.d * height;
  const large = Math.max(right - left, bottom - top) >= LEAST_SIDE;
  return large && right > 0 && bottom > 0 && left < backing.width && top < backing.height;
}
