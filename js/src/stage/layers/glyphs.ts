// The look of prompts, in device pixels. Shapes tell include from exclude as well as colours do,
// and every mark is edged in white and dark to stand out from any photograph.

import type { Box, Point, Size } from "../../geometry/viewport";
import { EXCLUDE_COLOR, INCLUDE_COLOR, LIGHT, SHADE } from "../../state/colors";

export type Emphasis = "plain" | "active" | "provisional";

const PROVISIONAL_ALPHA = 0.65;

/** CSS pixels. */
const RADIUS = 6.5;
const RING = 2;
const HANDLE = 8;
/** Sides shorter than this get no handle in their middle. */
const LEAST_SIDE_WITH_HANDLE = 48;

/** A disc with a plus, or a diamond with a minus. */
export function drawPoint(
  context: CanvasRenderingContext2D,
  at: Point,
  pixelRatio: number,
  positive: boolean,
  emphasis: Emphasis,
): void {
  const scale = pixelRatio * (emphasis === "active" ? 1.25 : 1);
  const sign = Math.max(2, 2 * Math.round(scale));
  // Signs are an even number of pixels thick: on whole coordinates their edges are sharp.
  const x = Math.round(at.x);
  const y = Math.round(at.y);
  context.save();
  context.translate(x, y);
  if (emphasis === "provisional") context.globalAlpha = PROVISIONAL_ALPHA;
  const body = (radius: number, color: string): void => {
    context.beginPath();
    if (positive) context.arc(0, 0, radius, 0, 2 * Math.PI);
    else diamond(context, radius * 1.18);
    context.fillStyle = color;
    context.fill();
  };
  body((RADIUS + RING + 1) * scale, SHADE);
  body((RADIUS + RING) * scale, LIGHT);
  body(RADIUS * scale, positive ? INCLUDE_COLOR : EXCLUDE_COLOR);
  const arm = Math.round(3.5 * scale);
  context.fillStyle = LIGHT;
  context.fillRect(-arm, -sign / 2, 2 * arm, sign);
  if (positive) context.fillRect(-sign / 2, -arm, sign, 2 * arm);
  context.restore();
}

function diamond(context: CanvasRenderingContext2D, radius: number): void {
  // Rounded: straight sides between four short curves.
  const cut = radius * 0.22;
  context.moveTo(-cut, -radius + cut);
  context.quadraticCurveTo(0, -radius, cut, -radius + cut);
  context.lineTo(radius - cut, -cut);
  context.quadraticCurveTo(radius, 0, radius - cut, cut);
  context.lineTo(cut, radius - cut);
  context.quadraticCurveTo(0, radius, -cut, radius - cut);
  context.lineTo(-radius + cut, cut);
  context.quadraticCurveTo(-radius, 0, -radius + cut, -cut);
  context.closePath();
}

/** With handles where a drag resizes it, unless it is being drawn. */
export function drawBox(
  context: CanvasRenderingContext2D,
  box: Box,
  pixelRatio: number,
  emphasis: Emphasis,
  handles: boolean,
): void {
  const line = Math.max(1, Math.round((emphasis === "active" ? 2 : 1.5) * pixelRatio));
  // A line an odd number of pixels wide is sharp around the middle of a pixel.
  const snap = (value: number): number =>
    line % 2 === 1 ? Math.floor(value) + 0.5 : Math.round(value);
  const [x0, y0, x1, y1] = [snap(box.x0), snap(box.y0), snap(box.x1), snap(box.y1)];
  context.save();
  if (emphasis === "provisional") context.globalAlpha = PROVISIONAL_ALPHA;
  context.lineJoin = "miter";
  context.strokeStyle = SHADE;
  context.lineWidth = line + 2 * Math.max(1, Math.round(pixelRatio));
  context.strokeRect(x0, y0, x1 - x0, y1 - y0);
  context.strokeStyle = LIGHT;
  context.lineWidth = line;
  if (!handles) context.setLineDash([6 * pixelRatio, 4 * pixelRatio]);
  context.strokeRect(x0, y0, x1 - x0, y1 - y0);
  context.setLineDash([]);
  if (handles) {
    for (const at of handlesOf({ x0, y0, x1, y1 }, pixelRatio)) drawHandle(context, at, pixelRatio);
  }
  context.restore();
}

function handlesOf({ x0, y0, x1, y1 }: Box, pixelRatio: number): Point[] {
  const middleX = (x0 + x1) / 2;
  const middleY = (y0 + y1) / 2;
  const wide = x1 - x0 >= LEAST_SIDE_WITH_HANDLE * pixelRatio;
  const tall = y1 - y0 >= LEAST_SIDE_WITH_HANDLE * pixelRatio;
  return [
    { x: x0, y: y0 },
    { x: x1, y: y0 },
    { x: x0, y: y1 },
    { x: x1, y: y1 },
    ...(wide ? [y0, y1].map((y) => ({ x: middleX, y })) : []),
    ...(tall ? [x0, x1].map((x) => ({ x, y: middleY })) : []),
  ];
}

function drawHandle(context: CanvasRenderingContext2D, at: Point, pixelRatio: number): void {
  const side = 2 * Math.round((HANDLE * pixelRatio) / 2);
  const edge = Math.max(1, Math.round(pixelRatio));
  const left = Math.round(at.x) - side / 2;
  const top = Math.round(at.y) - side / 2;
  context.fillStyle = SHADE;
  context.fillRect(left - edge, top - edge, side + 2 * edge, side + 2 * edge);
  context.fillStyle = LIGHT;
  context.fillRect(left, top, side, side);
}

/** Lines across the whole canvas that leave the pixel in question free. */
export function drawCrosshair(
  context: CanvasRenderingContext2D,
  at: Point,
  { backing, pixelRatio }: { backing: Size; pixelRatio: number },
): void {
  const line = Math.max(1, Math.round(pixelRatio));
  const gap = Math.round(7 * pixelRatio);
  const x = Math.floor(at.x - line / 2 + 0.5);
  const y = Math.floor(at.y - line / 2 + 0.5);
  for (const [color, width] of [
    [SHADE, 3 * line],
    [LIGHT, line],
  ] as const) {
    const margin = (width - line) / 2;
    context.fillStyle = color;
    context.fillRect(0, y - margin, x - gap, width);
    context.fillRect(x + line + gap, y - margin, backing.width, width);
    context.fillRect(x - margin, 0, width, y - gap);
    context.fillRect(x - margin, y + line + gap, width, backing.height);
    // A dot in the middle; drawn with the lines, so that it has their shade.
    context.fillRect(x - margin, y - margin, width, width);
  }
}
