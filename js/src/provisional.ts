// The prompts a person should see now: Python's, then gestures not yet acknowledged, then the drag
// under way. Pure.

import type { Draft } from "./interaction";
import type { Gesture, WireBox, WirePoint, WirePrompts } from "./protocol";
import type { Store } from "./store";

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

/** With prompts there are candidates, now or once the answer has come: gestures keep their order. */
export function hasPrompts(store: Store): boolean {
  const { prompts } = store.document.value;
  const { points, box } = shownPrompts(prompts, store.pending.value);
  return points.length > 0 || box !== null || prompts.has_mask;
}
