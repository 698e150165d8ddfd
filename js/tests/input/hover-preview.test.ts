import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EMPTY_DOCUMENT } from "../../src/state/document";
import { pointerScene } from "../support/input";

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
