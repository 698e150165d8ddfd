// What follows from the state: questions that several panels, tools and commands ask of the store.

import type { EncodedMask } from "../geometry/rle";
import type { Point } from "../geometry/viewport";
import type { Gesture } from "../protocol.generated";
import { annotationsAt, type SceneAnnotation } from "./annotations";
import { colorOfLabel, MASK_COLOR, NO_COLOR } from "./colors";
import { isSlowModel } from "./hover-preview";
import { shownPrompts } from "./optimistic";
import type { Store, ToolName } from "./store";

/** With prompts there are candidates, now or once the answer has come: gestures keep their order. */
export function hasPrompts(store: Store): boolean {
  const { prompts } = store.document.value;
  const { points, box } = shownPrompts(prompts, store.pending.value);
  return points.length > 0 || box !== null || prompts.has_mask;
}

/** There is something to accept, or there will be: the model's, or drawn by hand. */
export function hasMask(store: Store): boolean {
  const drawing = store.pending.value.some(
    (gesture) =>
      (gesture.type === "brush" || gesture.type === "add_polygon") && !gesture.annotation_id,
  );
  return hasPrompts(store) || drawing || store.answer.value.candidates.length > 0;
}

/** There is something to accept, and nobody is about to. */
export function hasUnaccepted(store: Store): boolean {
  return store.pending.value.at(-1)?.type !== "accept" && hasMask(store);
}

/** How many masks to ask for, as far as this view has said. */
export function shownMultimask({ document, pending }: Store): boolean | null {
  const asked = pending.value.flatMap((gesture) =>
    gesture.type === "set_multimask" ? [gesture.value] : [],
  );
  return asked.length > 0 ? (asked.at(-1) ?? null) : document.value.multimask;
}

/** The colour of a label, as far as this view has said. */
export function shownLabelColor({ labelColors, pending }: Store, label: string): string {
  const asked = pending.value.flatMap((gesture) =>
    gesture.type === "recolor_label" && gesture.label === label ? [gesture.color] : [],
  );
  return asked.at(-1) ?? colorOfLabel(labelColors.value, label) ?? NO_COLOR;
}

/** Whether an object is reopened, as far as this view has asked for it. */
export function isReopened(store: Store): boolean {
  const types = store.pending.value.map(({ type }) => type);
  const asked = types.filter((type) => type === "reopen" || ENDS_REOPENED.has(type)).at(-1);
  return asked ? asked === "reopen" : store.document.value.reopened !== null;
}

const ENDS_REOPENED: ReadonlySet<Gesture["type"]> = new Set(["clear", "accept", "undo", "redo"]);

const ONLY_READING: ReadonlySet<Gesture["type"]> = new Set(["set_mask_from", "reopen"]);

/** Whether a change of accepted annotations is on its way: it is not on disk yet. */
export function isChangingAnnotations(pending: readonly Gesture[]): boolean {
  return pending.some((gesture) => {
    if (ONLY_READING.has(gesture.type)) return false;
    if ("annotation_id" in gesture) return gesture.annotation_id !== null;
    return "ids" in gesture || gesture.type === "accept";
  });
}

/** The selected annotations, in the order of the list. */
export function selectedAnnotations(store: Store): readonly SceneAnnotation[] {
  const ids = store.selectedIds.value;
  return ids.size === 0 ? [] : store.annotations.value.filter(({ id }) => ids.has(id));
}

/** Ids of the annotations that one sees at a point of the image, the topmost first. */
export function idsAt(store: Store, point: Point): readonly string[] {
  const { value: image } = store.image;
  const { reopened } = store.document.value;
  if (image === null) return [];
  const found = annotationsAt(store.annotations.value, image, point);
  // The one that was reopened is on screen as the mask that is to replace it.
  return found.flatMap(({ id }) => (id === reopened ? [] : [id]));
}

/** The colour of the mask on screen: its label's; a reopened object keeps its own. */
export function pendingColor(store: Store): string {
  const { reopened } = store.document.value;
  if (reopened !== null) {
    const annotation = store.annotations.value.find(({ id }) => id === reopened);
    if (annotation) return annotation.color;
  }
  return colorOfLabel(store.labelColors.value, store.label.value) ?? MASK_COLOR;
}

/** The candidate that is looked at for a moment in the place of the chosen one; null for none. */
export function peekedMask({ peeked, answer, awaiting }: Store): EncodedMask | null {
  const { revision, selected, candidates, width, height } = answer.value;
  const peek = peeked.value;
  if (peek?.revision !== revision || peek.index === selected || awaiting.value) return null;
  const candidate = candidates[peek.index];
  return candidate ? { rle: candidate.rle, width, height } : null;
}

/** Whether the model takes this kind of prompt; as long as it is not known, any. */
export function takes({ model }: Store, kind: "points" | "box" | "mask"): boolean {
  const accepts = model.value.accepts ?? [];
  return accepts.length === 0 || accepts.includes(kind);
}

/** Whether previews are off because the model is slow, and not because the person said so. */
export function isOffForSlowness({ previewChoice, model }: Store): boolean {
  return previewChoice.value === "auto" && isSlowModel(model.value);
}

export function isEditTool(tool: ToolName): boolean {
  return tool === "brush" || tool === "eraser" || tool === "polygon" || tool === "cut";
}
