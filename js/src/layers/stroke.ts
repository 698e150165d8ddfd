// Lines that follow a mask's border exactly, a fixed number of CSS pixels wide at any zoom.

import type { Contour } from "../contour";
import type { Size } from "../viewport";
import type { Frame } from "./layer";

export interface Line {
  readonly color: string;
  /** CSS pixels. */
  readonly width: number;
  /** CSS pixels on, off ...; solid if absent. */
  readonly dash?: readonly number[];
}

/** Light on dark: one of the two shows on any photograph. */
export const OUTLINE: readonly Line[] = [
  { color: "rgb(0 0 0 / 0.55)", width: 3.5 },
  { color: "#fff", width: 1.5 },
];

const paths = new WeakMap<Contour, Path2D>();

/** In mask pixels, built once. */
function pathOf(contour: Contour): Path2D {
  let path = paths.get(contour);
  if (path) return path;
  path = new Path2D();
  const { points, ends } = contour;
  let start = 0;
  for (const end of ends) {
    path.moveTo(points[start] ?? 0, points[start + 1] ?? 0);
    for (let at = start + 2; at < end; at += 2) path.lineTo(points[at] ?? 0, points[at + 1] ?? 0);
    path.closePath();
    start = end;
  }
  paths.set(contour, path);
  return path;
}

/** `size` is that of the mask: it may be smaller than the image. */
export function strokeContour(
  context: CanvasRenderingContext2D,
  contour: Contour,
  size: Size,
  frame: Frame,
  lines: readonly Line[],
): void {
  if (contour.ends.length === 0) return;
  const { device, image, pixelRatio } = frame;
  const scaleX = (device.a * image.width) / size.width;
  const scaleY = (device.d * image.height) / size.height;
  const path = new Path2D();
  path.addPath(pathOf(contour), new DOMMatrix([scaleX, 0, 0, scaleY, device.e, device.f]));
  context.save();
  // Where mask pixels are visible their corners are; where they are not, steps become slopes.
  context.lineJoin = Math.min(scaleX, scaleY) > 6 ? "miter" : "round";
  for (const { color, width, dash } of lines) {
    context.strokeStyle = color;
    context.lineWidth = width * pixelRatio;
    context.setLineDash((dash ?? []).map((length) => length * pixelRatio));
    context.stroke(path);
  }
  context.restore();
}
