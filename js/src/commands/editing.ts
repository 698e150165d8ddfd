// What hand editing is for at the moment, and what its tools, keys and panel share.

import { simplify } from "../geometry/simplify";
import type { Transform } from "../geometry/viewport";
import type { Interaction } from "../state/interaction";
import { hasPrompts } from "../state/optimistic";
import type { Actions, SceneObject, Store, ToolName } from "../state/store";

/** The chosen mask's, as the overlay tints it. */
export const MASK_COLOR = "#1e88ff";
/** As many points as Python takes. */
const MOST_POINTS = 4096;
/** CSS pixels by which a stroke sent may differ from the one drawn. */
const TOLERANCE = 0.2;
const LEAST_RADIUS = 0.5;
const LARGEST_RADIUS = 1000;
/** The brush, before the person chooses: this part of the image's longer side. */
const USUAL_PART = 1 / 60;

/** An accepted object, or (`id` null) the mask on screen. */
export interface EditTarget {
  readonly id: string | null;
  readonly color: string;
  readonly name: string;
  readonly object: SceneObject | null;
}

export interface EditContext {
  readonly store: Store;
  readonly actions: Actions;
  readonly interaction: Interaction;
}

export function isEditTool(tool: ToolName): boolean {
  return tool === "brush" || tool === "eraser" || tool === "polygon" || tool === "cut";
}

/** There is something to accept, or there will be: the model's, or drawn by hand. */
export function hasMask(store: Store): boolean {
  const drawing = store.pending.value.some(
    (gesture) =>
      (gesture.type === "brush" || gesture.type === "add_polygon") && !gesture.annotation_id,
  );
  return hasPrompts(store) || drawing || store.prediction.value.candidates.length > 0;
}

export function selectedObjects(store: Store): readonly SceneObject[] {
  const ids = store.selectedObjects.value;
  return ids.size === 0 ? [] : store.objects.value.filter(({ id }) => ids.has(id));
}

/** The one selected object, else the mask on screen, a new one if need be; null for several. */
export function editTarget(store: Store): EditTarget | null {
  const [object, ...others] = selectedObjects(store);
  if (others.length > 0) return null;
  if (object) {
    const { id, color, label } = object;
    return { id, color, name: label || "unlabelled object", object };
  }
  const name = hasMask(store) ? "mask on screen" : "new mask";
  return { id: null, color: MASK_COLOR, name, object: null };
}

/** The target; without one the person is told what to do. */
export function demandTarget(store: Store): EditTarget | null {
  const target = editTarget(store);
  if (target === null) {
    store.notice.value = {
      kind: "error",
      text: "Several objects are selected.",
      hint: "Select the one to edit.",
    };
  }
  return target;
}

/** Brush radius in image pixels. */
export function radiusOf(store: Store): number {
  const image = store.image.value;
  const usual = image ? Math.max(image.width, image.height) * USUAL_PART : 1;
  return store.brushRadius.value ?? Math.max(1, Math.round(usual));
}

/** One pixel or a sixth more or less, whichever is more. */
export function stepRadius(store: Store, direction: 1 | -1): void {
  const radius = radiusOf(store);
  const step = Math.max(radius <= 1 ? 0.5 : 1, Math.round(radius / 6));
  setRadius(store, radius + direction * step);
}

export function setRadius(store: Store, radius: number): void {
  store.brushRadius.value = Math.min(Math.max(radius, LEAST_RADIUS), LARGEST_RADIUS);
}

/** A line as it is sent: no more points than it takes to look the same on screen. */
export function asSent(points: readonly number[], transform: Transform): number[] {
  return simplify(points, TOLERANCE / transform.a, MOST_POINTS);
}

export function addVertex({ interaction }: EditContext, x: number, y: number): void {
  const { polygon } = interaction;
  if (polygon.value.length < 2 * MOST_POINTS) polygon.value = [...polygon.value, x, y];
}

/** Ends the polygon under way; with fewer than three vertices there is none yet. */
export function closePolygon(
  { store, actions, interaction }: EditContext,
  alternate = false,
): void {
  const points = interaction.polygon.value;
  if (points.length < 6) return;
  const target = demandTarget(store);
  if (target === null) return;
  if (store.subtracting.value === alternate) actions.addPolygon(points, target.id);
  else actions.subtractPolygon(points, target.id);
  interaction.polygon.value = [];
}

/** A single dab of the brush or the eraser. */
export function dab({ store, actions }: EditContext, x: number, y: number, erase: boolean): void {
  const target = demandTarget(store);
  if (target === null) return;
  const act = erase ? actions.erase : actions.brush;
  act([x, y], radiusOf(store), target.id);
}
