// Lines that follow a mask's border, a fixed number of CSS pixels wide at any zoom: exactly where its
// pixels can be told apart, without their steps where they cannot.

import type { Contour } from "../../geometry/contours";
import type { Frame } from "../../geometry/frame";
import { withoutSteps } from "../../geometry/simplify";
import type { Size } from "../../geometry/viewport";
import { LIGHT, shade } from "../../state/colors";

export interface Line {
  readonly color: string;
  /** CSS pixels. */
  readonly width: number;
  /** CSS pixels on, off ...; solid if absent. */
  readonly dash?: readonly number[];
}

/** Light on dark: one of the two shows on any photograph. */
export const OUTLINE: readonly Line[] = [
  { color: shade(0.55), width: 3.5 },
  { color: LIGHT, width: 1.5 },
];

/** Up to so many device pixels a mask's pixel, steps only blur a line, and take most of its time. */
const STEPS_FROM = 2;
/** Mask pixels by which a line without steps may differ from their middles. */
const TOLERANCE = 0.35;

const exactPaths = new WeakMap<Contour, Path2D>();
const smoothPaths = new WeakMap<Contour, Path2D>();

/** In mask pixels, built once. */
function pathOf(contour: Contour, smooth: boolean): Path2D {
  const paths = smooth ? smoothPaths : exactPaths;
  let path = paths.get(contour);
  if (path) return path;
  path = new Path2D();
  let start = 0;
  for (const end of contour.ends) {
    const ring = contour.points.subarray(start, end);
    addRing(path, smooth ? withoutSteps(ring, TOLERANCE) : ring);
    start = end;
  }
  paths.set(contour, path);
  return path;
}

function addRing(path: Path2D, points: ArrayLike<number>): void {
  path.moveTo(points[0] ?? 0, points[1] ?? 0);
  for (let at = 2; at < points.length; at += 2) path.lineTo(points[at] ?? 0, points[at + 1] ?? 0);
  path.closePath();
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
  const smooth = Math.max(scaleX, scaleY) <= STEPS_FROM;
  path.addPath(pathOf(contour, smooth), new DOMMatrix([scaleX, 0, 0, scaleY, device.e, device.f]));
  context.save();
  // Where mask pixels are visible their corners are; where they are not, steps become slopes, whose
  // many small turns look the same bevelled and are drawn sooner.
  const stepped = Math.min(scaleX, scaleY) > 6 ? "miter" : "round";
  context.lineJoin = smooth ? "bevel" : stepped;
  for (const { color, width, dash } of lines) {
    context.strokeStyle = color;
    context.lineWidth = width * pixelRatio;
    context.setLineDash((dash ?? []).map((length) => length * pixelRatio));
    context.stroke(path);
  }
  context.restore();
}
