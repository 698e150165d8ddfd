// Hand editing as it happens: strokes before the kernel has answered, the polygon under way, the
// brush's circle, and which annotation all of it is for.

import { contourOf } from "../../geometry/contours";
import type { Frame } from "../../geometry/frame";
import { maskOf } from "../../geometry/masks";
import { imageToStage, type Point } from "../../geometry/viewport";
import type { Gesture } from "../../protocol.generated";
import { brushRadiusOf } from "../../state/brush";
import { LIGHT, SHADE, SUBTRACT_COLOR } from "../../state/colors";
import { editTarget } from "../../state/edit-target";
import type { Interaction } from "../../state/interaction";
import { isEditTool, pendingColor } from "../../state/selectors";
import type { Store } from "../../state/store";
import type { Layer } from "./layer";
import { strokeContour } from "./stroke";

/** As the tint of accepted annotations. */
const OBJECT_ALPHA = 0.45;
/** CSS pixels. */
const VERTEX = 3.5;

/** Something that adds to a mask or takes away from it. */
interface Shape {
  readonly points: ArrayLike<number>;
  readonly removes: boolean;
  /** Image pixels; null fills a polygon. */
  readonly radius: number | null;
  readonly color: string;
  readonly alpha: number;
}

/** `picture`: the canvas with the photograph, which is what an eraser leaves. */
export function editLayer(
  store: Store,
  interaction: Interaction,
  picture: () => HTMLCanvasElement | null,
): Layer {
  const shapes = () => shapesOf(store, interaction);
  return {
    name: "edit",
    watch() {
      const { polygon, stroke, crosshair } = interaction;
      const tool = isEditTool(store.tool.value);
      const drawn = shapes().length + polygon.value.length;
      if (!(tool || drawn > 0 || stroke.value)) return null;
      return [
        tool && [store.hover.value, crosshair.value],
        store.subtracting.value,
        editTarget(store),
        brushRadiusOf(store),
      ];
    },
    draw(context, frame) {
      drawShapes(context, frame, shapes(), picture());
      const target = isEditTool(store.tool.value) ? editTarget(store) : null;
      if (target?.annotation) {
        const contour = contourOf(maskOf(target.annotation));
        strokeContour(context, contour, target.annotation, frame, [
          { color: SHADE, width: 4.5 },
          { color: LIGHT, width: 3 },
          { color: target.color, width: 1.5 },
        ]);
      }
      drawCut(context, frame, interaction);
      drawPolygon(context, frame, store, interaction);
      drawBrush(context, frame, store, interaction);
      return false;
    },
  };
}

/** The stroke under way, and what has been sent and is not yet acknowledged. */
function shapesOf(store: Store, interaction: Interaction): readonly Shape[] {
  const shapes = store.pending.value.flatMap((gesture) => shapeOf(gesture, store));
  const stroke = interaction.stroke.value;
  if (stroke === null || stroke.kind === "cut") return shapes;
  const look = lookOf(editTarget(store)?.id ?? null, store);
  const { points, radius } = stroke;
  return [...shapes, { points, radius, removes: stroke.kind === "erase", ...look }];
}

function shapeOf(gesture: Gesture, store: Store): Shape[] {
  const { type } = gesture;
  if (type === "brush" || type === "erase") {
    const { points, radius, annotation_id } = gesture;
    return [{ points, radius, removes: type === "erase", ...lookOf(annotation_id, store) }];
  }
  if (type === "add_polygon" || type === "subtract_polygon") {
    const { points, annotation_id } = gesture;
    const removes = type === "subtract_polygon";
    return [{ points, radius: null, removes, ...lookOf(annotation_id, store) }];
  }
  return [];
}

function lookOf(id: string | null, store: Store): { color: string; alpha: number } {
  const annotation = id === null ? null : store.annotations.value.find((shown) => shown.id === id);
  if (annotation) return { color: annotation.color, alpha: OBJECT_ALPHA };
  return { color: pendingColor(store), alpha: store.opacity.value };
}

function drawShapes(
  context: CanvasRenderingContext2D,
  frame: Frame,
  shapes: readonly Shape[],
  picture: HTMLCanvasElement | null,
): void {
  // No mask has pixels beside the image, where a stroke may well go.
  const { device, image } = frame;
  context.save();
  context.beginPath();
  context.rect(device.e, device.f, device.a * image.width, device.d * image.height);
  context.clip();
  const removing = shapes.filter(({ removes }) => removes);
  if (removing.length > 0 && picture) {
    context.save();
    for (const shape of removing) drawShape(context, frame, shape, LIGHT);
    // What is drawn so far becomes a window through all masks to the photograph.
    context.globalCompositeOperation = "source-in";
    context.drawImage(picture, 0, 0);
    context.restore();
  }
  for (const shape of shapes) {
    if (shape.removes) continue;
    context.save();
    context.globalAlpha = shape.alpha;
    drawShape(context, frame, shape, shape.color);
    context.restore();
  }
  context.restore();
}

function drawShape(
  context: CanvasRenderingContext2D,
  frame: Frame,
  { points, radius }: Shape,
  color: string,
): void {
  trace(context, frame, points);
  if (radius === null) {
    context.fillStyle = color;
    context.fill("evenodd");
    return;
  }
  context.strokeStyle = color;
  context.lineWidth = 2 * radius * frame.device.a;
  context.lineCap = "round";
  context.lineJoin = "round";
  context.stroke();
}

function trace(context: CanvasRenderingContext2D, frame: Frame, points: ArrayLike<number>): void {
  context.beginPath();
  for (let at = 0; at < points.length; at += 2) {
    const { x, y } = onCanvas({ x: points[at] ?? 0, y: points[at + 1] ?? 0 }, frame);
    if (at === 0) context.moveTo(x, y);
    // A line of no length at all would not be drawn.
    context.lineTo(at === 0 ? x + 0.01 : x, y);
  }
}

function drawCut(context: CanvasRenderingContext2D, frame: Frame, { stroke }: Interaction): void {
  if (stroke.value?.kind !== "cut") return;
  trace(context, frame, stroke.value.points);
  edged(context, frame, LIGHT, true);
}

function drawPolygon(
  context: CanvasRenderingContext2D,
  frame: Frame,
  store: Store,
  { polygon, crosshair }: Interaction,
): void {
  const points = polygon.value;
  if (points.length === 0) return;
  const next = crosshair.value ?? store.hover.value;
  const color = store.subtracting.value ? SUBTRACT_COLOR : LIGHT;
  trace(context, frame, next ? [...points, next.x, next.y] : points);
  context.save();
  context.globalAlpha = 0.2;
  context.fillStyle = store.subtracting.value
    ? SUBTRACT_COLOR
    : (editTarget(store)?.color ?? pendingColor(store));
  context.fill("evenodd");
  context.restore();
  edged(context, frame, color, false);
  for (let at = 0; at < points.length; at += 2) {
    const { x, y } = onCanvas({ x: points[at] ?? 0, y: points[at + 1] ?? 0 }, frame);
    // The first is where a click closes the polygon.
    const radius = (at === 0 ? 1.5 : 1) * VERTEX * frame.pixelRatio;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = color;
    context.fill();
    context.lineWidth = frame.pixelRatio;
    context.strokeStyle = SHADE;
    context.stroke();
  }
}

/** The present path, light on dark. */
function edged(
  context: CanvasRenderingContext2D,
  { pixelRatio }: Frame,
  color: string,
  dashed: boolean,
): void {
  context.save();
  context.lineJoin = "round";
  context.lineCap = "round";
  context.strokeStyle = SHADE;
  context.lineWidth = 3.5 * pixelRatio;
  context.stroke();
  context.strokeStyle = color;
  context.lineWidth = 1.5 * pixelRatio;
  if (dashed) context.setLineDash([5 * pixelRatio, 4 * pixelRatio]);
  context.stroke();
  context.restore();
}

/** The circle within which pixels change, and its middle. */
function drawBrush(
  context: CanvasRenderingContext2D,
  frame: Frame,
  store: Store,
  { crosshair, stroke }: Interaction,
): void {
  const tool = store.tool.value;
  if (tool !== "brush" && tool !== "eraser") return;
  const points = stroke.value?.points;
  const last = points && { x: points.at(-2) ?? 0, y: points.at(-1) ?? 0 };
  const at = last ?? crosshair.value ?? store.hover.value;
  if (at === null) return;
  const { x, y } = onCanvas(at, frame);
  const radius = brushRadiusOf(store) * frame.device.a;
  context.beginPath();
  context.arc(x, y, Math.max(radius, 1.5 * frame.pixelRatio), 0, 2 * Math.PI);
  edged(context, frame, LIGHT, tool === "eraser");
  // A brush smaller than the lines around it is found by a cross.
  if (radius > 6 * frame.pixelRatio) return;
  const arm = 9 * frame.pixelRatio;
  const gap = 4 * frame.pixelRatio;
  context.beginPath();
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ] as const) {
    context.moveTo(x + dx * gap, y + dy * gap);
    context.lineTo(x + dx * arm, y + dy * arm);
  }
  edged(context, frame, LIGHT, false);
}

function onCanvas(point: Point, { device }: Frame): Point {
  return imageToStage(device, point);
}
