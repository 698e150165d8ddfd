import { signal } from "@preact/signals-core";
import { describe, expect, it, vi } from "vitest";
import type { Frame } from "../../src/geometry/frame";
import { MaskError } from "../../src/geometry/rle";
import type { Layer } from "../../src/stage/layers/layer";
import { mountRenderer } from "../../src/stage/renderer";
import { NO_ANSWER } from "../../src/state/document";
import { createScene } from "../support/scene";

/** Two layers on canvases that draw nothing; `nextFrame` is the browser's animation frame. */
function mount() {
  let queued: (() => void) | null = null;
  vi.stubGlobal("requestAnimationFrame", (callback: () => void) => {
    queued = callback;
    return 1;
  });
  vi.stubGlobal("cancelAnimationFrame", () => {
    queued = null;
  });
  const { store } = createScene();
  const watched = signal<number | null>(0);
  const still: Layer = { name: "still", watch: () => "this", draw: vi.fn(() => false) };
  const moving: Layer = { name: "moving", watch: () => watched.value, draw: vi.fn(() => false) };
  const surfaces = [still, moving].map((layer) => {
    const canvas = document.createElement("canvas");
    const context = { clearRect: vi.fn() } as unknown as CanvasRenderingContext2D;
    canvas.getContext = (() => context) as unknown as typeof canvas.getContext;
    return { layer, canvas };
  });
  const stage = document.createElement("div");
  const controller = new AbortController();
  const backing = signal({ width: 600, height: 300 });
  const renderer = mountRenderer(stage, surfaces, store, backing, controller.signal);
  const nextFrame = () => {
    const callback = queued;
    queued = null;
    callback?.();
    return callback !== null;
  };
  return { store, watched, still, moving, surfaces, stage, controller, renderer, nextFrame };
}

describe("the renderer", () => {
  it("draws every layer at first, in device pixels, and says where the image is", () => {
    const { still, surfaces, stage, nextFrame } = mount();
    expect(stage.hasAttribute("data-transform")).toBe(false);
    nextFrame();
    expect(stage.dataset.transform).toBe("2 0 0 2 0 0");
    expect(surfaces.map(({ canvas }) => canvas.width)).toEqual([600, 600]);
    const frame: Frame | undefined = vi.mocked(still.draw).mock.calls[0]?.[1];
    expect(frame?.device).toEqual({ a: 3, d: 3, e: 0, f: 0 });
    expect(frame?.pixelRatio).toBe(1.5);
  });

  it("draws only what has changed, once per frame", () => {
    const { still, moving, watched, nextFrame } = mount();
    nextFrame();
    watched.value = 1;
    watched.value = 2;
    nextFrame();
    expect(still.draw).toHaveBeenCalledTimes(1);
    expect(moving.draw).toHaveBeenCalledTimes(2);
    expect(nextFrame()).toBe(false);
  });

  it("draws again all that is not blank when the browser may have dropped it", () => {
    const { still, moving, watched, renderer, nextFrame } = mount();
    watched.value = null;
    nextFrame();
    renderer.repaint();
    nextFrame();
    expect(still.draw).toHaveBeenCalledTimes(2);
    expect(moving.draw).not.toHaveBeenCalled();
  });

  it("draws an answer when it is in, and says so in the frame", async () => {
    const { store, watched, moving, nextFrame } = mount();
    nextFrame();
    watched.value = 1;
    store.answer.value = { ...NO_ANSWER, revision: 7 };
    await Promise.resolve();
    expect(moving.draw).toHaveBeenCalledTimes(2);
    expect(store.paintedRevision.value).toBe(0);
    nextFrame();
    expect(moving.draw).toHaveBeenCalledTimes(2);
    expect(store.paintedRevision.value).toBe(7);
  });

  it("draws everything when the view changes, and its transform with it", () => {
    const { store, still, stage, nextFrame } = mount();
    nextFrame();
    store.view.value = { zoom: 2, x: 0.5, y: 0.75 };
    expect(stage.dataset.transform).toBe("2 0 0 2 0 0");
    nextFrame();
    expect(stage.dataset.transform).toBe("4 0 0 4 -200 -200");
    expect(still.draw).toHaveBeenCalledTimes(2);
  });

  it("says a revision is painted after painting it, not before", () => {
    const { store, nextFrame } = mount();
    nextFrame();
    store.answer.value = { ...NO_ANSWER, revision: 7 };
    expect(store.status.value).toBe("predicting");
    expect(store.paintedRevision.value).toBe(0);
    nextFrame();
    expect(store.paintedRevision.value).toBe(7);
    expect(store.status.value).toBe("ready");
  });

  it("counts a revision as painted where there is no image yet", () => {
    const { store, nextFrame } = mount();
    store.image.value = null;
    store.answer.value = { ...NO_ANSWER, revision: 3 };
    nextFrame();
    expect(store.paintedRevision.value).toBe(3);
  });

  it("leaves a canvas alone while there is nothing to draw on it", () => {
    const { store, watched, moving, surfaces, nextFrame } = mount();
    const canvas = surfaces[1]?.canvas;
    const context = canvas?.getContext("2d");
    const something = moving.watch;
    moving.watch = () => (something() === undefined ? undefined : null);
    watched.value = 1;
    nextFrame();
    expect(canvas?.style.visibility).toBe("hidden");
    expect(context?.clearRect).toHaveBeenCalledTimes(1);
    watched.value = 2;
    expect(nextFrame()).toBe(false);
    store.view.value = { zoom: 2, x: 0.25, y: 0.25 };
    nextFrame();
    moving.watch = something;
    store.view.value = { zoom: 3, x: 0.5, y: 0.5 };
    nextFrame();
    expect(canvas?.style.visibility).toBe("");
    expect(moving.draw).toHaveBeenCalledTimes(1);
  });

  it("goes on in the next frame where a layer has work left", () => {
    const { moving, still, nextFrame } = mount();
    vi.mocked(moving.draw).mockReturnValueOnce(true);
    nextFrame();
    expect(nextFrame()).toBe(true);
    expect(moving.draw).toHaveBeenCalledTimes(2);
    expect(still.draw).toHaveBeenCalledTimes(1);
  });

  it("says so when a mask cannot be read, and paints the rest", () => {
    const { store, still, moving, nextFrame } = mount();
    vi.mocked(still.draw).mockImplementation(() => {
      throw new MaskError("The runs cover 5 of 3 x 2 pixels.");
    });
    nextFrame();
    expect(store.notice.value?.kind).toBe("error");
    expect(store.notice.value?.text).toContain("The runs cover 5");
    expect(moving.draw).toHaveBeenCalled();
  });

  it("stops when the view is gone", () => {
    const { store, controller, renderer, still, nextFrame } = mount();
    controller.abort();
    store.view.value = { zoom: 2, x: 0.25, y: 0.25 };
    renderer.flush();
    expect(nextFrame()).toBe(false);
    expect(still.draw).not.toHaveBeenCalled();
  });
});
