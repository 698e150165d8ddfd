import { batch, effect } from "@preact/signals-core";
import { describe, expect, it, vi } from "vitest";
import type { AnswerState, DocumentState, WirePrompts } from "../../src/protocol";
import type { Gesture } from "../../src/protocol.generated";
import { EMPTY_DOCUMENT, NO_ANSWER } from "../../src/state/document";
import type { Foreseen } from "../../src/state/hover-preview";
import {
  answerOnScreen,
  isAsking,
  shownAnnotations,
  shownPrompts,
} from "../../src/state/optimistic";
import { isChangingAnnotations } from "../../src/state/selectors";
import { createStore } from "../../src/state/store";
import { bytes } from "../support/connected";
import { annotation } from "../support/values";

const RED = { label: "cat", color: "#ff0000", visible: true };
const A = annotation("a", RED);
const B = annotation("b", RED);
const COLORS = { cat: "#ff0000", dog: "#00ff00" };

function shownAfter(...pending: Gesture[]) {
  return shownAnnotations([A, B], pending, COLORS);
}

describe("objects before Python has answered", () => {
  it("are hidden, shown and gone as was asked", () => {
    const [first, second] = shownAfter({ type: "update_annotations", ids: ["b"], visible: false });
    expect(first).toBe(A);
    expect(second).toEqual({ ...B, visible: false });
    expect(shownAfter({ type: "show_only", ids: ["b"] }).map(({ visible }) => visible)).toEqual([
      false,
      true,
    ]);
    expect(shownAfter({ type: "remove_annotation", annotation_id: "a" })).toEqual([B]);
    expect(shownAfter({ type: "remove_annotations", ids: ["a", "b"] })).toEqual([]);
  });

  it("take the colour of a label that has one, unless another is given", () => {
    const change = { type: "update_annotation", annotation_id: "a" } as const;
    expect(shownAfter({ ...change, label: "dog" })[0]).toMatchObject({ color: "#00ff00" });
    expect(shownAfter({ ...change, label: "bird" })[0]).toMatchObject({
      label: "bird",
      color: A.color,
    });
    const both = shownAfter({ ...change, label: "dog", color: "#123456" });
    expect(both[0]).toMatchObject({ label: "dog", color: "#123456" });
  });

  it("follow gestures in order, and stay the same where nothing is left to change", () => {
    const hide = { type: "update_annotations", ids: ["a"], visible: false } as const;
    expect(shownAfter(hide, { ...hide, visible: true })[0]).toEqual(A);
    expect(shownAfter({ ...hide, visible: true })[0]).toBe(A);
    const annotations = [A, B];
    expect(shownAnnotations(annotations, [{ type: "undo" }], COLORS)).toBe(annotations);
  });

  it("count as not yet saved", () => {
    const point: Gesture = { type: "add_point", x: 1, y: 1, positive: true };
    expect(isChangingAnnotations([point])).toBe(false);
    expect(isChangingAnnotations([point, { type: "accept", label: null }])).toBe(true);
    expect(isChangingAnnotations([{ type: "show_only", ids: [] }])).toBe(true);
    expect(isChangingAnnotations([{ type: "reopen", annotation_id: "a" }])).toBe(false);
    const dab = { type: "brush", points: Float32Array.of(1, 1), radius: 2 } as const;
    expect(isChangingAnnotations([{ ...dab, annotation_id: null }])).toBe(false);
    expect(isChangingAnnotations([{ ...dab, annotation_id: "a" }])).toBe(true);
  });
});

describe("the answer before Python has given it", () => {
  const candidates = [{ score: 0.9, stability: null, area: 0, rle: bytes("022") }];
  const answer = { ...NO_ANSWER, width: 2, height: 2, candidates };
  const foreseen: Foreseen = { x: 1, y: 2, answer };
  const there: Gesture = { type: "add_point", x: 1, y: 2, positive: true };
  const point = { x: 1, y: 2, positive: true };

  function shown(pending: Gesture[], change: Partial<DocumentState> = {}) {
    return answerOnScreen(NO_ANSWER, foreseen, { ...EMPTY_DOCUMENT, ...change }, pending);
  }

  it("is the mask previewed where the click was", () => {
    expect(shown([there])).toBe(answer);
    const prompts = { points: [point], box: null, has_mask: false };
    expect(shown([], { prompts })).toBe(answer);
    expect(shown([there], { prompts })).toBe(answer);
  });

  it("is not known of any other question", () => {
    const nothing = (pending: Gesture[], change: Partial<DocumentState> = {}) =>
      expect(shown(pending, change)).toBe(NO_ANSWER);
    nothing([]);
    nothing([{ ...there, x: 1.5 }]);
    nothing([{ ...there, positive: false }]);
    nothing([there, { ...there, x: 5 }]);
    nothing([there, { type: "set_box", x0: 0, y0: 0, x1: 2, y1: 2 }]);
    nothing([there, { type: "clear" }]);
    nothing([there], { multimask: false });
    nothing([there], { reopened: "a" });
    nothing([there], { prompts: { points: [], box: null, has_mask: true } });
    expect(answerOnScreen(NO_ANSWER, null, EMPTY_DOCUMENT, [there])).toBe(NO_ANSWER);
    const given = { ...answer, revision: 3 };
    expect(answerOnScreen(given, foreseen, EMPTY_DOCUMENT, [there])).toBe(given);
  });

  it("is painted once when Python's answer is the same mask", () => {
    const store = createStore();
    const painted = vi.fn();
    effect(() => painted(store.shownMask.value));
    store.kernelStatus.value = "ready";
    store.foreseen.value = foreseen;
    store.pending.value = [there];
    expect(painted).toHaveBeenLastCalledWith({ rle: candidates[0]?.rle, width: 2, height: 2 });
    const answered = (rle: string, revision: number) =>
      batch(() => {
        store.pending.value = [];
        const others = [{ ...candidates[0], rle: bytes(rle) }, { rle: bytes("04") }];
        store.answer.value = { ...answer, revision, candidates: others } as AnswerState;
      });
    answered("022", 1);
    expect(store.shownAnswer.value.revision).toBe(1);
    expect(painted).toHaveBeenCalledTimes(2);
    answered("121", 2);
    expect(painted).toHaveBeenCalledTimes(3);
    answered("13", 3);
    expect(painted).toHaveBeenCalledTimes(4);
    batch(() => {
      store.answer.value = { ...store.answer.value, width: 1, height: 4 };
    });
    expect(painted).toHaveBeenCalledTimes(5);
    store.answer.value = NO_ANSWER;
    expect(painted).toHaveBeenLastCalledWith(null);
  });

  it("is waited for after prompts only", () => {
    expect(isAsking([there])).toBe(true);
    expect(isAsking([{ type: "undo" }, { type: "accept", label: null }])).toBe(false);
  });
});

const BOX = { x0: 50, y0: 20, x1: 150, y1: 80 };

describe("shownPrompts", () => {
  const points = [
    { x: 1, y: 1, positive: true },
    { x: 2, y: 2, positive: false },
  ];
  const prompts: WirePrompts = { points, box: BOX, has_mask: false };

  it("marks what Python has not confirmed", () => {
    const shown = shownPrompts(prompts, [{ type: "add_point", x: 3, y: 3, positive: true }]);
    expect(shown.points.map(({ provisional }) => provisional)).toEqual([false, false, true]);
  });

  it("applies gestures in order", () => {
    const shown = shownPrompts(prompts, [
      { type: "remove_point", index: 0 },
      { type: "move_point", index: 0, x: 9, y: 8 },
      { type: "remove_box" },
    ]);
    expect(shown).toEqual({
      points: [{ x: 9, y: 8, positive: false, provisional: true }],
      box: null,
    });
  });

  it("starts again after clear, and does not foresee undo", () => {
    const { points: after } = shownPrompts(prompts, [
      { type: "clear" },
      { type: "add_point", x: 3, y: 3, positive: true },
      { type: "undo" },
    ]);
    expect(after).toHaveLength(1);
  });

  it("shows the drag under way over all that", () => {
    const shown = shownPrompts(prompts, [], { kind: "point", index: 1, x: 7, y: 7 });
    expect(shown.points[1]).toEqual({ x: 7, y: 7, positive: false, provisional: true });
  });
});
