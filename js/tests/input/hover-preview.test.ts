import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { mountPointer } from "../../src/input/pointer";
import { EMPTY_DOCUMENT } from "../../src/state/document";
import { createScene } from "../support/scene";

interface Press extends PointerEventInit {
  at: readonly [x: number, y: number];
}

/** A stage shown at half its size, at (10, 20) of the window: 200 x 100 CSS pixels on screen. */
function mount() {
  const scene = createScene();
  const stage = document.createElement("div");
  stage.tabIndex = 0;
  document.body.append(stage);
  vi.spyOn(stage, "getBoundingClientRect").mockReturnValue(new DOMRect(10, 20, 200, 100));
  stage.setPointerCapture = () => undefined;
  const controller = new AbortController();
  mountPointer(stage, scene, controller.signal);
  const fire = (type: string, { at: [clientX, clientY], ...init }: Press) =>
    stage.dispatchEvent(
      new PointerEvent(type, {
        bubbles: true,
        cancelable: true,
        pointerId: 1,
        pointerType: "mouse",
        clientX,
        clientY,
        ...init,
      }),
    );
  const gestures = () => scene.calls.filter(([name]) => name !== "preview");
  return { ...scene, stage, controller, fire, gestures };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

describe("previews", () => {
  const asked = (calls: ReturnType<typeof mount>["calls"]) => calls.at(-1);

  it("are asked for under the pointer and withdrawn when it leaves", () => {
    const { fire, calls } = mount();
    fire("pointermove", { at: [60, 45], movementX: 1 });
    expect(asked(calls)).toEqual(["preview", { x: 50, y: 25 }]);
    fire("pointerleave", { at: [9, 9] });
    expect(asked(calls)).toEqual(["preview", null]);
  });

  it("stop at the first prompt and come back when it is undone", () => {
    const { fire, calls, store } = mount();
    fire("pointermove", { at: [60, 45], movementX: 1 });
    const prompts = { ...EMPTY_DOCUMENT.prompts, points: [{ x: 1, y: 1, positive: true }] };
    store.document.value = { ...EMPTY_DOCUMENT, prompts };
    expect(asked(calls)).toEqual(["preview", null]);
    store.document.value = EMPTY_DOCUMENT;
    expect(asked(calls)).toEqual(["preview", { x: 50, y: 25 }]);
  });

  it("wait for the kernel, and for the person to want them", () => {
    const { fire, calls, store } = mount();
    store.kernelStatus.value = "encoding";
    fire("pointermove", { at: [60, 45], movementX: 1 });
    expect(asked(calls)).toEqual(["preview", null]);
    store.kernelStatus.value = "ready";
    expect(asked(calls)).toEqual(["preview", { x: 50, y: 25 }]);
    store.previewChoice.value = "off";
    expect(asked(calls)).toEqual(["preview", null]);
  });
});
