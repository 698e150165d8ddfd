// What a person does to annotations and labels, from the panels and by key alike.

import type { SceneAnnotation } from "../state/annotations";
import { hasMask, hasPrompts, selectedAnnotations } from "../state/selectors";
import type { Store } from "../state/store";
import type { ViewContext } from "./context";
import { isKeepable, keepSelected } from "./everything";
import { showBox } from "./zoom";

/**
 * The label of what is being made or kept, or else of the selected annotations, or else of the next one;
 * with the tool that selects it is the other way round.
 */
export function chooseLabel(context: ViewContext, label: string): void {
  const { store } = context;
  const selected = selectedAnnotations(store);
  const making = hasPrompts(store) || store.tool.value === "everything";
  if (selected.length === 0 || (making && store.tool.value !== "select")) {
    store.label.value = label;
    acceptUnder(context, label);
  } else relabelSelected(context, label);
}

/** Where a label accepts: what is selected in everything mode, else the mask on screen. */
function acceptUnder(context: ViewContext, label: string): void {
  const { store, actions } = context;
  if (!store.acceptOnLabel.value) return;
  const found = isKeepable(store);
  // A reopened object keeps its own label, so that this key would not say what happens.
  const pending = hasMask(store) && store.document.value.reopened === null;
  if (found) keepSelected(context);
  else if (pending) actions.accept(label);
}

export function relabelSelected(context: ViewContext, label: string): void {
  const { store, actions } = context;
  const ids = selectedAnnotations(store).flatMap((annotation) =>
    annotation.label === label ? [] : annotation.id,
  );
  if (ids.length > 0) actions.updateAnnotations(ids, { label });
}

/** Hides the selected annotations, or shows them if all of them are hidden. */
export function toggleSelected({ store, actions }: ViewContext): void {
  const selected = selectedAnnotations(store);
  const visible = selected.every((annotation) => !annotation.visible);
  const ids = selected.flatMap((annotation) =>
    annotation.visible === visible ? [] : annotation.id,
  );
  if (ids.length > 0) actions.updateAnnotations(ids, { visible });
}

export function showOnlySelected({ store, actions }: ViewContext): void {
  const selected = selectedAnnotations(store);
  if (selected.length > 0) actions.showOnly(selected.map(({ id }) => id));
}

export function showAll({ store, actions }: ViewContext): void {
  const hidden = store.annotations.value.flatMap((annotation) =>
    annotation.visible ? [] : annotation.id,
  );
  if (hidden.length > 0) actions.updateAnnotations(hidden, { visible: true });
}

export function deleteSelected({ store, actions }: ViewContext): void {
  const ids = selectedAnnotations(store).map(({ id }) => id);
  if (ids.length > 0) actions.removeAnnotations(ids);
}

/** Duplicates the selected annotation; of several the person is told to select one. */
export function duplicateSelected({ store, actions }: ViewContext): void {
  const [annotation, ...others] = selectedAnnotations(store);
  if (annotation && others.length === 0) actions.duplicateAnnotation(annotation.id);
  else if (annotation) {
    store.notice.value = {
      kind: "error",
      text: "Several objects are selected.",
      hint: "Select the one to duplicate.",
    };
  }
}

/** Brings the selected annotations into view, as large as there is room for. */
export function jumpToSelected(store: Store): void {
  jumpTo(store, selectedAnnotations(store));
}

export function jumpTo(store: Store, annotations: readonly SceneAnnotation[]): void {
  const [first, ...others] = annotations.filter(({ area }) => area > 0);
  if (!first) return;
  const box = { ...cornersOf(first) };
  for (const annotation of others) {
    const { x0, y0, x1, y1 } = cornersOf(annotation);
    box.x0 = Math.min(box.x0, x0);
    box.y0 = Math.min(box.y0, y0);
    box.x1 = Math.max(box.x1, x1);
    box.y1 = Math.max(box.y1, y1);
  }
  showBox(store, box);
}

function cornersOf({ bbox: [x, y, width, height] }: SceneAnnotation) {
  return { x0: x, y0: y, x1: x + width, y1: y + height };
}
