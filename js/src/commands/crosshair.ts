// Prompts without a pointer: a crosshair on the image, moved by arrows, stands in for it.

import { boxFromCorners, isDrawable } from "../geometry/boxes";
import {
  clampToImage,
  imageToStage,
  type Point,
  panIntoView,
  stageToImage,
  type Transform,
  transformOf,
} from "../geometry/viewport";
import { shownPrompts } from "../state/optimistic";
import type { CommandContext } from "./context";
import { addVertex, dab } from "./editing";
import { selectFound, selectObjects } from "./pointing";
import { zoomView } from "./zoom";

/** CSS pixels per press of an arrow. */
const STEP = 10;
/** The crosshair stays this far (CSS pixels) from the border of a zoomed stage. */
const MARGIN = 24;

function currentTransform({ store }: CommandContext): Transform | null {
  const image = store.image.value;
  return image && transformOf(image, store.stageSize.value, store.view.value);
}

/** Where the crosshair is, or would first show: under the pointer, or amid what is visible. */
function positionOf(context: CommandContext): Point | null {
  const { store, interaction } = context;
  const image = store.image.value;
  const transform = currentTransform(context);
  if (!(image && transform)) return null;
  const { width, height } = store.stageSize.value;
  const middle = (): Point => stageToImage(transform, { x: width / 2, y: height / 2 });
  return clampToImage(image, interaction.crosshair.value ?? store.hover.value ?? middle());
}

/** One step in the direction (dx, dy); the first press only shows where the crosshair is. */
export function moveBy(context: CommandContext, dx: number, dy: number, fine: boolean): void {
  const { store, interaction } = context;
  const image = store.image.value;
  const from = positionOf(context);
  const transform = currentTransform(context);
  if (!(image && from && transform)) return;
  if (interaction.crosshair.value === null) {
    interaction.crosshair.value = from;
    return;
  }
  const stepX = fine ? 1 : STEP / transform.a;
  const stepY = fine ? 1 : STEP / transform.d;
  moveTo(context, clampToImage(image, { x: from.x + dx * stepX, y: from.y + dy * stepY }));
}

function moveTo({ store, interaction }: CommandContext, point: Point): void {
  const image = store.image.value;
  if (image === null) return;
  interaction.crosshair.value = point;
  store.view.value = panIntoView(store.view.value, point, image, store.stageSize.value, MARGIN);
}

/** What a click or a right-click would do at the crosshair; without one it is shown instead. */
export function placePoint(context: CommandContext, positive: boolean): void {
  const { actions, interaction } = context;
  const at = interaction.crosshair.value;
  const tool = context.store.tool.value;
  if (at === null) interaction.crosshair.value = positionOf(context);
  else if (tool === "select") selectObjects(context.store, at, !positive);
  else if (tool === "everything") selectFound(context.store, at, !positive);
  else if (tool === "polygon") addVertex(context, at.x, at.y);
  else if (tool === "brush" || tool === "eraser") {
    dab(context, at.x, at.y, (tool === "eraser") === positive);
  } else actions.addPoint(at.x, at.y, positive);
}

/** First one corner, then the opposite one; then back to points, where Enter accepts. */
export function placeCorner(context: CommandContext): void {
  const { store, actions, interaction } = context;
  const at = interaction.crosshair.value;
  const anchor = interaction.anchor.value;
  const transform = currentTransform(context);
  if (!(at && transform)) return;
  if (anchor === null) {
    interaction.anchor.value = at;
    return;
  }
  const box = boxFromCorners(anchor, at);
  if (!isDrawable(box, transform)) return;
  interaction.anchor.value = null;
  store.tool.value = "point";
  actions.setBox(box);
}

/** Goes round the points, then the box; the crosshair goes along. */
export function selectNextPrompt(context: CommandContext): void {
  const { store } = context;
  const { points, box } = shownPrompts(store.document.value.prompts, store.pending.value);
  const active = store.activePrompt.value;
  const next = active?.kind === "point" ? active.index + 1 : 0;
  const point = points[next] ?? (box && active?.kind !== "box" ? undefined : points[0]);
  if (point) {
    store.activePrompt.value = { kind: "point", index: points.indexOf(point) };
    moveTo(context, point);
  } else if (box) {
    store.activePrompt.value = { kind: "box" };
  }
}

export function moveSelectedPoint({ store, actions, interaction }: CommandContext): void {
  const active = store.activePrompt.value;
  const at = interaction.crosshair.value;
  if (active?.kind === "point" && at) actions.movePoint(active.index, at.x, at.y);
}

/** Zooms at the crosshair if there is one, else in the middle. */
export function zoom(context: CommandContext, factor: number): void {
  const at = context.interaction.crosshair.value;
  const transform = currentTransform(context);
  zoomView(context.store, factor, at && transform ? imageToStage(transform, at) : undefined);
}
