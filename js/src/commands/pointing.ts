// What a click on the picture selects: objects, or masks of everything mode. A further click at the
// same place goes to the next one beneath.

import { type Point, transformOf } from "../geometry/viewport";
import { EVERY_ANNOTATION, matching } from "../state/annotations";
import { masksAt } from "../state/everything";
import { idsAt } from "../state/selectors";
import type { Store } from "../state/store";

/** Clicks nearer to the last one (CSS pixels) are at the same place. */
const SAME_PLACE = 5;

/** Where things were selected last, in image pixels. */
const lastPlaces = new WeakMap<object, Point>();

/** Selects the topmost object at a point, or the next one beneath; `adding` to what is selected. */
export function selectObjects(store: Store, point: Point, adding: boolean): void {
  const ids = idsAt(store, point);
  const again = isAgain(store, store.selectedIds, point);
  const selection = selectionAfter(store.selectedIds.value, ids, { adding, again });
  store.selectedIds.value = selection;
  // What is not listed must not be changed unseen.
  const listed = matching(store.annotations.value, store.annotationFilter.value);
  const seen = listed.filter(({ id }) => selection.has(id)).length;
  if (seen < selection.size) store.annotationFilter.value = EVERY_ANNOTATION;
}

/** The same for what everything mode found, where the smallest mask is the topmost. */
export function selectFound(store: Store, point: Point, adding: boolean): void {
  const { everything: mode, image } = store;
  if (image.value === null) return;
  const again = isAgain(store, mode, point);
  const rows = masksAt(mode, image.value, point);
  mode.selected.value = selectionAfter(mode.selected.value, rows, { adding, again });
}

/** What is selected after a click on a stack of things, the topmost first; empty where there is none. */
export function selectionAfter<Name>(
  before: ReadonlySet<Name>,
  stack: readonly Name[],
  { adding, again }: { adding: boolean; again: boolean },
): ReadonlySet<Name> {
  const [top] = stack;
  if (top === undefined) return adding || before.size === 0 ? before : new Set();
  if (adding) {
    const next = new Set(before);
    if (!next.delete(top)) next.add(top);
    return next;
  }
  const at = again ? stack.findIndex((name) => before.has(name)) : -1;
  return new Set([stack[(at + 1) % stack.length] ?? top]);
}

/** Whether this is the place of the click before; notes it for the next one. */
function isAgain(store: Store, what: object, point: Point): boolean {
  const last = lastPlaces.get(what);
  lastPlaces.set(what, point);
  const image = store.image.value;
  if (!(last && image)) return false;
  const { a, d } = transformOf(image, store.stageSize.value, store.view.value);
  return Math.hypot(a * (point.x - last.x), d * (point.y - last.y)) <= SAME_PLACE;
}
