// What a person does to objects and labels, from the panels and by key alike.

import type { SceneObject } from "../state/objects";
import { hasPrompts, selectedObjects } from "../state/selectors";
import type { Store } from "../state/store";
import type { ViewContext } from "./context";
import { showBox } from "./zoom";

/**
 * The label of what is being made, or else of the selected objects, or else of the next object;
 * chosen twice it is nobody's.
 */
export function chooseLabel(context: ViewContext, label: string): void {
  const { store } = context;
  const selected = selectedObjects(store);
  if (hasPrompts(store) || selected.length === 0) {
    store.label.value = store.label.value === label ? "" : label;
  } else relabelSelected(context, label);
}

export function relabelSelected(context: ViewContext, label: string): void {
  const { store, actions } = context;
  const ids = selectedObjects(store).flatMap((object) => (object.label === label ? [] : object.id));
  if (ids.length > 0) actions.updateAnnotations(ids, { label });
}

/** Hides the selected objects, or shows them if all of them are hidden. */
export function toggleSelected({ store, actions }: ViewContext): void {
  const selected = selectedObjects(store);
  const visible = selected.every((object) => !object.visible);
  const ids = selected.flatMap((object) => (object.visible === visible ? [] : object.id));
  if (ids.length > 0) actions.updateAnnotations(ids, { visible });
}

export function showOnlySelected({ store, actions }: ViewContext): void {
  const selected = selectedObjects(store);
  if (selected.length > 0) actions.showOnly(selected.map(({ id }) => id));
}

export function showAll({ store, actions }: ViewContext): void {
  const hidden = store.objects.value.flatMap((object) => (object.visible ? [] : object.id));
  if (hidden.length > 0) actions.updateAnnotations(hidden, { visible: true });
}

export function deleteSelected({ store, actions }: ViewContext): void {
  const ids = selectedObjects(store).map(({ id }) => id);
  if (ids.length > 0) actions.removeAnnotations(ids);
}

/** Duplicates the selected object; of several the person is told to select one. */
export function duplicateSelected({ store, actions }: ViewContext): void {
  const [object, ...others] = selectedObjects(store);
  if (object && others.length === 0) actions.duplicateAnnotation(object.id);
  else if (object) {
    store.notice.value = {
      kind: "error",
      text: "Several objects are selected.",
      hint: "Select the one to duplicate.",
    };
  }
}

/** Brings the selected objects into view, as large as there is room for. */
export function jumpToSelected(store: Store): void {
  jumpTo(store, selectedObjects(store));
}

export function jumpTo(store: Store, objects: readonly SceneObject[]): void {
  const [first, ...others] = objects.filter(({ area }) => area > 0);
  if (!first) return;
  const box = { ...cornersOf(first) };
  for (const object of others) {
    const { x0, y0, x1, y1 } = cornersOf(object);
    box.x0 = Math.min(box.x0, x0);
    box.y0 = Math.min(box.y0, y0);
    box.x1 = Math.max(box.x1, x1);
    box.y1 = Math.max(box.y1, y1);
  }
  showBox(store, box);
}

function cornersOf({ bbox: [x, y, width, height] }: SceneObject) {
  return { x0: x, y0: y, x1: x + width, y1: y + height };
}
