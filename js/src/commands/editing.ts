// Hand editing, for its tools and keys alike: strokes as they are sent, polygons, single dabs.

import { simplify } from "../geometry/simplify";
import type { Transform } from "../geometry/viewport";
import { brushRadiusOf } from "../state/brush";
import { type EditTarget, editTarget } from "../state/edit-target";
import type { Store } from "../state/store";
import type { CommandContext } from "./context";

/** As many points as Python takes. */
const MOST_POINTS = 4096;
/** CSS pixels by which a stroke sent may differ from the one drawn. */
const TOLERANCE = 0.2;

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

/** A line as it is sent: no more points than it takes to look the same on screen. */
export function asSent(points: readonly number[], transform: Transform): number[] {
  return simplify(points, TOLERANCE / transform.a, MOST_POINTS);
}

export function addVertex({ interaction }: CommandContext, x: number, y: number): void {
  const { polygon } = interaction;
  if (polygon.value.length < 2 * MOST_POINTS) polygon.value = [...polygon.value, x, y];
}

/** Ends the polygon under way; with fewer than three vertices there is none yet. */
export function closePolygon(
  { store, actions, interaction }: CommandContext,
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
export function dab(
  { store, actions }: CommandContext,
  x: number,
  y: number,
  erase: boolean,
): void {
  const target = demandTarget(store);
  if (target === null) return;
  const act = erase ? actions.erase : actions.brush;
  act([x, y], brushRadiusOf(store), target.id);
}
