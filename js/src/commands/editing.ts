// Hand editing, for its tools and keys alike: strokes as they are sent, polygons, single dabs.

import { cornerCount, withCorner, withoutCorner } from "../geometry/corners";
import { simplify } from "../geometry/simplify";
import type { Point, Transform } from "../geometry/viewport";
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

export function addVertex(context: CommandContext, x: number, y: number): void {
  const { polygon, closed } = context.interaction;
  // Whoever begins another one is content with the first.
  if (closed.value) applyPolygon(context);
  if (closed.value === null && polygon.value.length < 2 * MOST_POINTS)
    polygon.value = [...polygon.value, x, y];
}

/** Closes the polygon under way, whose corners can still be moved; with fewer than three it stays. */
export function closePolygon({ store, interaction }: CommandContext, alternate = false): void {
  if (interaction.polygon.value.length < 6 || demandTarget(store) === null) return;
  interaction.closed.value = { alternate, corner: null, reopened: false };
}

/** Makes an edit of the closed polygon; of one that was taken up again, in the place of the former. */
export function applyPolygon(context: CommandContext): void {
  const { store, actions, interaction } = context;
  const { polygon, closed, applied } = interaction;
  const target = demandTarget(store);
  if (closed.value === null || target === null) return;
  const points = polygon.value;
  const subtracts = store.subtracting.value !== closed.value.alternate;
  const replaces = closed.value.reopened && applied.value !== null;
  if (replaces) actions.undo();
  if (subtracts) actions.subtractPolygon(points, target.id);
  else actions.addPolygon(points, target.id);
  const cursor = store.document.value.cursor - (replaces ? 1 : 0);
  applied.value = { points, subtracts, target: target.id, cursor, version: null };
  dropPolygon(context);
}

/** Gives up the polygon under way; an edit that it was before stays as it is. */
export function dropPolygon({ interaction }: CommandContext): void {
  interaction.polygon.value = [];
  interaction.closed.value = null;
}

/** Whether the latest edit was a polygon. */
export function canReopen({ interaction }: Pick<CommandContext, "interaction">): boolean {
  const latest = interaction.applied.value;
  return latest !== null && latest.version !== null && interaction.closed.value === null;
}

/** Takes the polygon of the latest edit up again; until it is applied anew nothing changes. */
export function reopenPolygon({ store, interaction }: CommandContext): void {
  const { applied, polygon, closed } = interaction;
  if (!(canReopen({ interaction }) && applied.value)) return;
  const { points, subtracts, target } = applied.value;
  store.tool.value = "polygon";
  store.subtracting.value = subtracts;
  store.selectedIds.value = new Set(target === null ? [] : [target]);
  polygon.value = points;
  closed.value = { alternate: false, corner: null, reopened: true };
}

export function selectCorner({ interaction }: CommandContext, corner: number | null): void {
  const { closed } = interaction;
  if (closed.value) closed.value = { ...closed.value, corner };
}

export function moveCorner({ interaction }: CommandContext, index: number, to: Point): void {
  interaction.polygon.value = withCorner(interaction.polygon.value, index, to);
}

/** Takes the last corner back; of a closed polygon the selected one. */
export function deleteCorner(context: CommandContext): void {
  const { store, interaction } = context;
  const { polygon, closed } = interaction;
  if (closed.value === null) {
    polygon.value = polygon.value.slice(0, -2);
    return;
  }
  const { corner } = closed.value;
  if (corner === null || cornerCount(polygon.value) <= 3) {
    store.notice.value = {
      kind: "info",
      text: corner === null ? "No corner is selected." : "A polygon needs three corners.",
      hint: corner === null ? "Press one, or N for the next." : "Escape drops the polygon.",
    };
    return;
  }
  polygon.value = withoutCorner(polygon.value, corner);
  selectCorner(context, corner % cornerCount(polygon.value));
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
