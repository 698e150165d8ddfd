// Accepted annotations, each tinted and outlined in its colour. They are kept as they were drawn: while
// the view stays, only what changed is drawn again, and what is pointed at or selected lies on top.

import { computed, type ReadonlySignal } from "@preact/signals-core";
import { type Contour, contourOf, traceContour } from "../../geometry/contours";
import type { Frame } from "../../geometry/frame";
import { decodeMask, maskOf } from "../../geometry/masks";
import type { Bounds } from "../../geometry/rle";
import type { Bytes } from "../../protocol";
import type { SceneAnnotation } from "../../state/annotations";
import { LIGHT, parseColor, shade } from "../../state/colors";
import type { Store } from "../../state/store";
import { Composite, intersect, type Repainted } from "./composite";
import type { Layer } from "./layer";
import {
  blankPixels,
  pack,
  putPixels,
  type Region,
  regionOf,
  sampleMask,
  samplePicture,
} from "./sampling";
import { type Line, strokeContour } from "./stroke";

/** Over the annotation's own tint this gives a strong one. */
const HIGHLIGHT_ALPHA = 110;
/** CSS pixels. */
const OUTLINE_WIDTH = 1.5;
/** Milliseconds a frame may spend on tracing outlines not seen before. */
const TRACING_MS = 8;
/** Corners a frame may stroke; beyond that the tints have to do. */
const MOST_CORNERS = 120_000;
/** Objects smaller than this on screen (device pixels) are all outline: it is left out. */
const LEAST_SIDE = 6;

/** All but the annotation that was reopened: it is on screen as the mask that is to replace it. */
export function annotationsOnStage(store: Store): ReadonlySignal<readonly SceneAnnotation[]> {
  const reopened = computed(() => store.document.value.reopened);
  return computed(() => {
    const { value: annotations } = store.annotations;
    return reopened.value === null
      ? annotations
      : annotations.filter(({ id }) => id !== reopened.value);
  });
}

export function annotationsLayer(store: Store): Layer {
  const drawing = new Drawing();
  const shown = annotationsOnStage(store);
  return {
    name: "objects",
    watch() {
      if (shown.value.length === 0) return null;
      return [shown.value, store.highlighted.value, store.selectedIds.value];
    },
    draw(context, frame) {
      const { value: annotations } = shown;
      const unfinished = drawing.update(annotations, frame);
      context.drawImage(drawing.canvas, 0, 0);
      let corners = 0;
      const selection = store.selectedIds.value;
      for (const annotation of selection.size > 0 ? annotations : []) {
        if (!selection.has(annotation.id) || corners > MOST_CORNERS) continue;
        corners += lineOut(context, frame, annotation, [
          { color: shade(0.55), width: 5 },
          { color: LIGHT, width: 3.5 },
          { color: annotation.color, width: 1.5 },
        ]);
      }
      const highlighted = annotations.find(({ id }) => id === store.highlighted.value);
      if (highlighted) highlight(context, frame, highlighted);
      return unfinished;
    },
  };
}

/** All annotations as they look in one frame, on a canvas of its own. */
class Drawing {
  readonly canvas = document.createElement("canvas");
  readonly #composites = new Map<string, Composite>();
  readonly #contours = new WeakMap<Bytes, Contour>();
  #drawn: readonly SceneAnnotation[] | null = null;
  #frame: Frame | null = null;
  /** Objects whose outlines are still to be traced. */
  #untraced: SceneAnnotation[] = [];

  /** True if outlines are left for another frame. */
  update(annotations: readonly SceneAnnotation[], frame: Frame): boolean {
    const context = this.canvas.getContext("2d");
    if (context === null) return false;
    const moved = this.#frame !== frame;
    if (this.#drawn !== annotations || moved) {
      const repainted = this.#compose(annotations);
      this.#drawn = annotations;
      this.#frame = frame;
      if (moved || repainted === "all") this.#redraw(context, frame);
      else if (repainted) this.#redrawWithin(context, frame, repainted);
    }
    return this.#traceSome(context, frame);
  }

  /** What changed, if it is a part of the one picture there is. */
  #compose(annotations: readonly SceneAnnotation[]): Repainted {
    const bySize = new Map<string, SceneAnnotation[]>();
    for (const annotation of annotations) {
      const key = `${annotation.width}x${annotation.height}`;
      const others = bySize.get(key);
      if (others) others.push(annotation);
      else bySize.set(key, [annotation]);
    }
    const single = bySize.size === 1 && this.#composites.size === 1;
    let result: Repainted = "all";
    for (const [key, group] of bySize) {
      const { width, height } = group[0] ?? { width: 1, height: 1 };
      const known = this.#composites.get(key);
      const composite = known ?? new Composite(width, height);
      this.#composites.set(key, composite);
      const repainted = composite.update(group);
      if (single && known) result = repainted;
    }
    for (const key of this.#composites.keys()) if (!bySize.has(key)) this.#composites.delete(key);
    return result;
  }

  #redraw(context: CanvasRenderingContext2D, frame: Frame): void {
    const { width, height } = frame.backing;
    this.canvas.width = width;
    this.canvas.height = height;
    this.#tint(context, frame, { left: 0, top: 0, width, height });
    const visible = this.#visible();
    this.#untraced = visible.filter(({ rle }) => !this.#contours.has(rle));
    this.#outline(context, frame, visible);
  }

  #redrawWithin(context: CanvasRenderingContext2D, frame: Frame, bounds: Bounds): void {
    const [composite] = this.#composites.values();
    if (!composite) return;
    const { left, top, right, bottom } = bounds;
    const { width, height } = composite;
    const box = { width, height, left, top, columns: right - left, rows: bottom - top };
    const region = grown(regionOf({ ...box, data: NOTHING }, frame), frame);
    if (region === null) return;
    this.#tint(context, frame, region);
    const scale = Math.min(frame.device.a, frame.device.d) * (frame.image.width / width);
    const margin = 2 + (2 * OUTLINE_WIDTH * frame.pixelRatio) / scale;
    const near = this.#visible().filter((annotation) => {
      const own = composite.boundsOf(annotation);
      return own !== null && intersect(own, bounds, margin);
    });
    context.save();
    context.beginPath();
    context.rect(region.left, region.top, region.width, region.height);
    context.clip();
    this.#outline(context, frame, near);
    context.restore();
    const waiting = new Set(this.#untraced.map(({ rle }) => rle));
    const fresh = near.filter(({ rle }) => !(this.#contours.has(rle) || waiting.has(rle)));
    this.#untraced = [...this.#untraced, ...fresh];
  }

  #tint(context: CanvasRenderingContext2D, frame: Frame, region: Region): void {
    const pixels = blankPixels(region);
    for (const picture of this.#composites.values()) samplePicture(picture, frame, pixels);
    putPixels(context, pixels);
  }

  #outline(
    context: CanvasRenderingContext2D,
    frame: Frame,
    annotations: readonly SceneAnnotation[],
  ): void {
    let corners = 0;
    for (const annotation of annotations) {
      const contour = this.#contours.get(annotation.rle);
      if (!contour || corners > MOST_CORNERS || !onStage(annotation, frame)) continue;
      corners += contour.points.length / 2;
      const lines: Line[] = [{ color: annotation.color, width: OUTLINE_WIDTH }];
      strokeContour(context, contour, annotation, frame, lines);
    }
  }

  /** Traces as many new outlines as time allows; true if some are left. */
  #traceSome(context: CanvasRenderingContext2D, frame: Frame): boolean {
    const end = performance.now() + TRACING_MS;
    const traced: SceneAnnotation[] = [];
    const current = new Map(this.#visible().map((annotation) => [annotation.rle, annotation]));
    while (this.#untraced.length > 0 && performance.now() < end) {
      const next = this.#untraced.shift();
      const annotation = next && current.get(next.rle);
      if (!annotation) continue;
      this.#contours.set(annotation.rle, traceContour(decodeMask(annotation)));
      traced.push(annotation);
    }
    const topmost = this.#visible().slice(-traced.length);
    // The outline of one that came back among others belongs beneath those above it.
    if (
      this.#untraced.length === 0 &&
      traced.some((annotation, index) => annotation !== topmost[index])
    ) {
      this.#redraw(context, frame);
    } else {
      this.#outline(context, frame, traced);
    }
    return this.#untraced.length > 0;
  }

  #visible(): readonly SceneAnnotation[] {
    return (this.#drawn ?? []).filter((annotation) => annotation.visible);
  }
}

const NOTHING = new Uint8Array(0);

/** With room for the lines around it, within the canvas. */
function grown(region: Region | null, { backing, pixelRatio }: Frame): Region | null {
  if (region === null) return null;
  const margin = Math.ceil(OUTLINE_WIDTH * pixelRatio) + 1;
  const left = Math.max(0, region.left - margin);
  const top = Math.max(0, region.top - margin);
  const right = Math.min(backing.width, region.left + region.width + margin);
  const bottom = Math.min(backing.height, region.top + region.height + margin);
  return { left, top, width: right - left, height: bottom - top };
}

function lineOut(
  context: CanvasRenderingContext2D,
  frame: Frame,
  annotation: SceneAnnotation,
  lines: readonly Line[],
): number {
  const contour = contourOf(maskOf(annotation));
  strokeContour(context, contour, annotation, frame, lines);
  return contour.points.length / 2;
}

function highlight(
  context: CanvasRenderingContext2D,
  frame: Frame,
  annotation: SceneAnnotation,
): void {
  const mask = maskOf(annotation);
  const region = regionOf(mask, frame);
  if (region) {
    const pixels = blankPixels(region);
    sampleMask(mask, frame, pixels, pack(parseColor(annotation.color, HIGHLIGHT_ALPHA)));
    // By way of a canvas: pixels that are put replace what is there, pictures are laid over it.
    const tint = document.createElement("canvas");
    tint.width = region.width;
    tint.height = region.height;
    const own = tint.getContext("2d");
    if (own) putPixels(own, { ...pixels, left: 0, top: 0 });
    context.drawImage(tint, region.left, region.top);
  }
  lineOut(context, frame, annotation, [
    { color: shade(0.55), width: 6 },
    { color: LIGHT, width: 4 },
    { color: annotation.color, width: 2 },
  ]);
}

function onStage({ bbox }: SceneAnnotation, { device, backing }: Frame): boolean {
  const [x, y, width, height] = bbox;
  const left = device.a * x + device.e;
  const top = device.d * y + device.f;
  const right = left + device.a * width;
  const bottom = top + device.d * height;
  const large = Math.max(right - left, bottom - top) >= LEAST_SIDE;
  return large && right > 0 && bottom > 0 && left < backing.width && top < backing.height;
}
