import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EMPTY_DOCUMENT } from "../../src/state/document";
import { pointerScene } from "../support/input";
import { annotation } from "../support/values";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

describe("previews", () => {
  const asked = (calls: ReturnType<typeof pointerScene>["calls"]) => calls.at(-1);

  it("are asked for under the pointer and withdrawn when it leaves", () => {
    const { fire, calls } = pointerScene();
    fire("pointermove", { at: [60, 45], movementX: 1 });
    expect(asked(calls)).toEqual(["preview", { x: 50, y: 25 }]);
    fire("pointerleave", { at: [9, 9] });
    expect(asked(calls)).toEqual(["preview", null]);
  });

  it("stop at the first prompt and come back when it is undone", () => {
    const { fire, calls, store } = pointerScene();
    fire("pointermove", { at: [60, 45], movementX: 1 });
    const prompts = { ...EMPTY_DOCUMENT.prompts, points: [{ x: 1, y: 1, positive: true }] };
    store.document.value = { ...EMPTY_DOCUMENT, prompts };
    expect(asked(calls)).toEqual(["preview", null]);
    store.document.value = EMPTY_DOCUMENT;
    expect(asked(calls)).toEqual(["preview", { x: 50, y: 25 }]);
  });

  it.each([
    ["by this view", "accept"],
    ["by another one, or in Python", "elsewhere"],
  ])("stay away from an object that was made %s, until the pointer moves", (_, how) => {
    const { fire, calls, store } = pointerScene();
    store.confirmedAnnotations.value = [annotation("a")];
    fire("pointermove", { at: [60, 45], movementX: 1 });
    const prompts = { ...EMPTY_DOCUMENT.prompts, points: [{ x: 50, y: 25, positive: true }] };
    store.document.value = { ...EMPTY_DOCUMENT, prompts };
    const gesture = { type: "accept", label: null, revision: 1 } as const;
    if (how === "accept") store.pending.value = [gesture];
    else store.confirmedAnnotations.value = [annotation("a"), annotation("b")];
    store.document.value = EMPTY_DOCUMENT;
    store.pending.value = [];
    expect(asked(calls)).toEqual(["preview", null]);
    // The page scrolls under a pointer at rest.
    fire("pointermove", { at: [60, 45] });
    expect(asked(calls)).toEqual(["preview", null]);
    fire("pointermove", { at: [61, 45], movementX: 1 });
    expect(asked(calls)).toEqual(["preview", { x: 51, y: 25 }]);
  });

  it("come back at the same place when a prompt is undone", () => {
    const { fire, calls, store } = pointerScene();
    fire("pointermove", { at: [60, 45], movementX: 1 });
    store.pending.value = [{ type: "undo" }];
    store.pending.value = [];
    expect(asked(calls)).toEqual(["preview", { x: 50, y: 25 }]);
  });

  it("come back by themselves when the model is quick again", () => {
    const { fire, calls, store } = pointerScene();
    store.model.value = { ...store.model.value, preview_ms: 400 };
    fire("pointermove", { at: [60, 45], movementX: 1 });
    expect(asked(calls)).toEqual(["preview", null]);
    store.model.value = { ...store.model.value, preview_ms: 90 };
    expect(asked(calls)).toEqual(["preview", { x: 50, y: 25 }]);
  });

  it("wait for the kernel, and for the person to want them", () => {
    const { fire, calls, store } = pointerScene();
    store.kernelStatus.value = "encoding";
    fire("pointermove", { at: [60, 45], movementX: 1 });
    expect(asked(calls)).toEqual(["preview", null]);
    store.kernelStatus.value = "ready";
    expect(asked(calls)).toEqual(["preview", { x: 50, y: 25 }]);
    store.previewChoice.value = "off";
    expect(asked(calls)).toEqual(["preview", null]);
  });
});
