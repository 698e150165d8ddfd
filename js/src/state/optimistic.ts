// The prompts, answer and annotations a person should see now: Python's, then gestures not yet
// acknowledged, then the drag under way. Pure.

import type { AnswerState, DocumentState, WirePoint, WirePrompts } from "../protocol";
import type { AnnotationChange, Gesture, WireBox } from "../protocol.generated";
import type { SceneAnnotation } from "./annotations";
import { colorOfLabel } from "./colors";
import type { Foreseen } from "./hover-preview";
import type { Draft } from "./interaction";

/** A prompt on screen; `provisional` until Python has confirmed it. */
export type ShownPoint = WirePoint & { provisional: boolean };
export type ShownBox = WireBox & { provisional: boolean };

export interface ShownPrompts {
  readonly points: readonly ShownPoint[];
  readonly box: ShownBox | null;
}

/**
 * Index i here is the index that a gesture sent now must name: gestures are applied in order.
 * Undo, redo and accept are not foreseen but shown when they have happened.
 */
export function shownPrompts(
  prompts: WirePrompts,
  pending: readonly Gesture[],
  draft: Draft | null = null,
): ShownPrompts {
  const confirmed: ShownPrompts = {
    points: prompts.points.map((point) => ({ ...point, provisional: false })),
    box: prompts.box && { ...prompts.box, provisional: false },
  };
  return withDraft(pending.reduce(withGesture, confirmed), draft);
}

function withGesture(shown: ShownPrompts, gesture: Gesture): ShownPrompts {
  const { points } = shown;
  switch (gesture.type) {
    case "add_point": {
      const { x, y, positive } = gesture;
      return { ...shown, points: [...points, { x, y, positive, provisional: true }] };
    }
    case "move_point":
      return { ...shown, points: moved(points, gesture.index, gesture.x, gesture.y) };
    case "remove_point":
      return { ...shown, points: points.filter((_, index) => index !== gesture.index) };
    case "set_box": {
      const { x0, y0, x1, y1 } = gesture;
      return { ...shown, box: { x0, y0, x1, y1, provisional: true } };
    }
    case "remove_box":
      return { ...shown, box: null };
    case "clear":
      return { points: [], box: null };
    default:
      return shown;
  }
}

function withDraft(shown: ShownPrompts, draft: Draft | null): ShownPrompts {
  if (draft === null) return shown;
  if (draft.kind === "box") return { ...shown, box: { ...draft.box, provisional: true } };
  return { ...shown, points: moved(shown.points, draft.index, draft.x, draft.y) };
}

function moved(
  points: readonly ShownPoint[],
  target: number,
  x: number,
  y: number,
): readonly ShownPoint[] {
  return points.map((point, index) =>
    index === target ? { ...point, x, y, provisional: true } : point,
  );
}

/** The answer on screen: while a lone click waits for its own, the mask that was previewed there. */
export function answerOnScreen(
  answer: AnswerState,
  foreseen: Foreseen | null,
  { prompts, multimask, reopened }: DocumentState,
  pending: readonly Gesture[],
): AnswerState {
  const free = multimask === null && reopened === null && !prompts.has_mask;
  if (foreseen === null || answer.candidates.length > 0 || !free) return answer;
  const { points, box } = shownPrompts(prompts, pending);
  // Between Python's word and its acknowledgement a point is there twice.
  const there = points.every(
    ({ x, y, positive }) => positive && x === foreseen.x && y === foreseen.y,
  );
  return there && points.length > 0 && box === null ? foreseen.answer : answer;
}

const ASKING: ReadonlySet<Gesture["type"]> = new Set([
  "add_point",
  "move_point",
  "remove_point",
  "set_box",
  "remove_box",
]);

/** Whether prompts are on their way that the model will have to answer. */
export function isAsking(pending: readonly Gesture[]): boolean {
  return pending.some(({ type }) => ASKING.has(type));
}

/**
 * Objects as they will be once the gestures are applied; what stays as it is stays the same
 * annotation. `colors`: of labels, which annotations take on with them.
 */
export function shownAnnotations(
  annotations: readonly SceneAnnotation[],
  pending: readonly Gesture[],
  colors: Readonly<Record<string, string>>,
): readonly SceneAnnotation[] {
  return pending.reduce((shown, gesture) => afterGesture(shown, gesture, colors), annotations);
}

function afterGesture(
  annotations: readonly SceneAnnotation[],
  gesture: Gesture,
  colors: Readonly<Record<string, string>>,
): readonly SceneAnnotation[] {
  switch (gesture.type) {
    case "update_annotation":
      return changed(annotations, [gesture.annotation_id], gesture, colors);
    case "update_annotations":
      return changed(annotations, gesture.ids, gesture, colors);
    case "remove_annotation":
      return annotations.filter(({ id }) => id !== gesture.annotation_id);
    case "remove_annotations":
      return annotations.filter(({ id }) => !gesture.ids.includes(id));
    case "show_only":
      return annotations.map((annotation) =>
        withChange(annotation, { visible: gesture.ids.includes(annotation.id) }),
      );
    default:
      return annotations;
  }
}

function changed(
  annotations: readonly SceneAnnotation[],
  ids: readonly string[],
  change: AnnotationChange,
  colors: Readonly<Record<string, string>>,
): readonly SceneAnnotation[] {
  const chosen = new Set(ids);
  const color = change.label ? colorOfLabel(colors, change.label) : undefined;
  const whole = color === undefined ? change : { color, ...change };
  return annotations.map((annotation) =>
    chosen.has(annotation.id) ? withChange(annotation, whole) : annotation,
  );
}

function withChange(annotation: SceneAnnotation, change: AnnotationChange): SceneAnnotation {
  const {
    label = annotation.label,
    color = annotation.color,
    visible = annotation.visible,
  } = change;
  const same =
    label === annotation.label && color === annotation.color && visible === annotation.visible;
  return same ? annotation : { ...annotation, label, color, visible };
}
