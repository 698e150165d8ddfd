import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EMPTY_DOCUMENT } from "../../src/state/document";
import { pointerScene } from "../support/input";
import { boxObject } from "../support/values";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

describe("mouse", () => {
  it("turns a click into an include point in image pixels", () => {
    const { fire, gestures, stage } = pointerScene();
    fire("pointerdown", { at: [60, 45], button: 0 });
    fire("pointerup", { at: [62, 46], button: 0 });
    expect(gestures()).toEqual([["addPoint", 50, 25, true]]);
    expect(document.activeElement).toBe(stage);
  });

  it.each([
    ["right button", { button: 2 }],
    ["Alt", { button: 0, altKey: true }],
  ])("turns a press with %s into exactly one exclude point", (_, how) => {
    const { fire, gestures, stage } = pointerScene();
    fire("pointerdown", { at: [60, 45], ...how });
    const menu = new MouseEvent("contextmenu", { bubbles: true, cancelable: true });
    const reachedPage = vi.fn();
    document.addEventListener("contextmenu", reachedPage, { once: true });
    stage.dispatchEvent(menu);
    fire("pointerup", { at: [60, 45], ...how });
    expect(gestures()).toEqual([["addPoint", 50, 25, false]]);
    expect(menu.defaultPrevented).toBe(true);
    expect(reachedPage).not.toHaveBeenCalled();
  });

  it("selects objects with Control, whatever the tool, and adds with Shift", () => {
    const { fire, gestures, store, interaction, stage } = pointerScene();
    store.confirmedAnnotations.value = [
      boxObject("a", { x0: 0, y0: 0, x1: 80, y1: 100 }),
      boxObject("b", { x0: 100, y0: 0, x1: 180, y1: 100 }),
    ];
    const click = (x: number, how: PointerEventInit) => {
      fire("pointerdown", { at: [x, 45], button: 0, ...how });
      fire("pointerup", { at: [x, 45], button: 0, ...how });
    };
    for (const tool of ["point", "box", "pan", "brush", "polygon", "everything"] as const) {
      store.tool.value = tool;
      click(40, { ctrlKey: true });
      expect([...store.selectedIds.value]).toEqual(["a"]);
      click(140, { ctrlKey: true, shiftKey: true });
      expect([...store.selectedIds.value]).toEqual(["a", "b"]);
      click(205, { ctrlKey: true });
      expect([...store.selectedIds.value]).toEqual([]);
    }
    expect(gestures()).toEqual([]);
    store.tool.value = "point";
    fire("pointermove", { at: [40, 45], ctrlKey: true });
    expect(interaction.picking.value).toBe(true);
    expect(stage.style.cursor).toBe("pointer");
    fire("pointermove", { at: [41, 45] });
    expect(stage.style.cursor).toBe("crosshair");
  });

  it("registers 200 fast clicks on one spot", () => {
    const { fire, gestures } = pointerScene();
    for (let index = 0; index < 200; index++) {
      fire("pointerdown", { at: [60, 45], button: 0 });
      fire("pointerup", { at: [60, 45], button: 0 });
    }
    expect(gestures()).toHaveLength(200);
  });

  it("tells a drag by its distance, even if it ends where it began", () => {
    const { fire, gestures } = pointerScene();
    fire("pointerdown", { at: [60, 45], button: 0 });
    fire("pointermove", { at: [64, 45] });
    fire("pointermove", { at: [60, 45] });
    fire("pointerup", { at: [60, 45], button: 0 });
    expect(gestures()).toEqual([]);
  });

  it("tells a click by its distance, however long it takes", () => {
    const { fire, gestures } = pointerScene();
    fire("pointerdown", { at: [60, 45], button: 0 });
    vi.advanceTimersByTime(10_000);
    fire("pointerup", { at: [63, 45], button: 0 });
    expect(gestures()).toEqual([["addPoint", 50, 25, true]]);
  });

  it("clamps a box drawn beyond the stage to the image", () => {
    const { fire, gestures } = pointerScene();
    fire("pointerdown", { at: [60, 45], button: 0 });
    fire("pointermove", { at: [900, 900] });
    fire("pointerup", { at: [900, 900], button: 0 });
    expect(gestures()).toEqual([["setBox", { x0: 50, y0: 25, x1: 200, y1: 100 }]]);
  });

  it.each(["pointercancel", "lostpointercapture"])("gives a drag up on %s", (type) => {
    const { fire, gestures, interaction } = pointerScene();
    fire("pointerdown", { at: [60, 45], button: 0 });
    fire("pointermove", { at: [100, 90] });
    expect(interaction.draft.value).not.toBeNull();
    fire(type, { at: [100, 90] });
    expect(interaction.draft.value).toBeNull();
    fire("pointerup", { at: [100, 90], button: 0 });
    expect(gestures()).toEqual([]);
  });

  it("pans by the middle button and leaves the tool alone", () => {
    const { fire, gestures, store } = pointerScene();
    store.view.value = { zoom: 2, x: 0.5, y: 0.5 };
    fire("pointerdown", { at: [60, 45], button: 1 });
    fire("pointermove", { at: [80, 45] });
    fire("pointerup", { at: [80, 45], button: 1 });
    expect(store.view.value.x).toBeCloseTo(0.45);
    expect(gestures()).toEqual([]);
  });

  it("makes the prompt under it the active one", () => {
    const { fire, store, stage } = pointerScene();
    const prompts = { ...EMPTY_DOCUMENT.prompts, points: [{ x: 50, y: 25, positive: true }] };
    store.document.value = { ...EMPTY_DOCUMENT, prompts };
    fire("pointermove", { at: [61, 45], movementX: 1 });
    expect(store.activePrompt.value).toEqual({ kind: "point", index: 0 });
    expect(stage.style.cursor).toBe("pointer");
    fire("pointermove", { at: [120, 80], movementX: 1 });
    expect(store.activePrompt.value).toBeNull();
    expect(stage.style.cursor).toBe("crosshair");
  });

  it("does nothing after the view is gone", () => {
    const { fire, gestures, controller } = pointerScene();
    controller.abort();
    fire("pointerdown", { at: [60, 45], button: 0 });
    fire("pointerup", { at: [60, 45], button: 0 });
    expect(gestures()).toEqual([]);
  });
});

describe("wheel", () => {
  const wheel = (stage: HTMLElement, init: WheelEventInit) => {
    const event = new WheelEvent("wheel", { cancelable: true, clientX: 60, clientY: 45, ...init });
    stage.dispatchEvent(event);
    return event;
  };

  it("leaves the page to scroll", () => {
    const { stage, store } = pointerScene();
    expect(wheel(stage, { deltaY: -120 }).defaultPrevented).toBe(false);
    expect(store.view.value.zoom).toBe(1);
  });

  it("zooms at the pointer with Control", () => {
    const { stage, store } = pointerScene();
    const event = wheel(stage, { deltaY: -120, ctrlKey: true });
    expect(event.defaultPrevented).toBe(true);
    const { zoom, x, y } = store.view.value;
    expect(zoom).toBeGreaterThan(1);
    expect(x - 0.25 / zoom).toBeCloseTo(0.25);
    expect(y - 0.25 / zoom).toBeCloseTo(0.25);
  });
});

describe("touch", () => {
  const finger = (id: number) => ({ pointerId: id, pointerType: "touch", button: 0 });

  it("includes by a tap", () => {
    const { fire, gestures } = pointerScene();
    fire("pointerdown", { at: [60, 45], ...finger(1) });
    fire("pointerup", { at: [66, 45], ...finger(1) });
    expect(gestures()).toEqual([["addPoint", 50, 25, true]]);
  });

  it("excludes by a long press, once", () => {
    const { fire, gestures } = pointerScene();
    fire("pointerdown", { at: [60, 45], ...finger(1) });
    vi.advanceTimersByTime(500);
    expect(gestures()).toEqual([["addPoint", 50, 25, false]]);
    fire("pointerup", { at: [60, 45], ...finger(1) });
    expect(gestures()).toHaveLength(1);
  });

  it("takes a finger that has moved for a drag, however long it rests", () => {
    const { fire, gestures } = pointerScene();
    fire("pointerdown", { at: [60, 45], ...finger(1) });
    fire("pointermove", { at: [110, 95], ...finger(1) });
    vi.advanceTimersByTime(5000);
    fire("pointerup", { at: [110, 95], ...finger(1) });
    expect(gestures()).toEqual([["setBox", { x0: 50, y0: 25, x1: 100, y1: 75 }]]);
  });

  it("zooms by two fingers, and neither of them draws", () => {
    const { fire, gestures, store } = pointerScene();
    fire("pointerdown", { at: [100, 70], ...finger(1) });
    fire("pointerdown", { at: [120, 70], ...finger(2) });
    fire("pointermove", { at: [90, 70], ...finger(1) });
    fire("pointermove", { at: [130, 70], ...finger(2) });
    expect(store.view.value.zoom).toBeCloseTo(2);
    vi.advanceTimersByTime(1000);
    fire("pointerup", { at: [90, 70], ...finger(1) });
    fire("pointermove", { at: [150, 95], ...finger(2) });
    fire("pointerup", { at: [150, 95], ...finger(2) });
    expect(gestures()).toEqual([]);
    fire("pointerdown", { at: [110, 70], ...finger(3) });
    fire("pointerup", { at: [110, 70], ...finger(3) });
    expect(gestures()).toHaveLength(1);
  });
});
