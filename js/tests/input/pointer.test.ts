import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EMPTY_DOCUMENT } from "../../src/state/document";
import { pointerScene } from "../support/input";
import { IMAGE } from "../support/scene";
import { annotation, boxObject } from "../support/values";

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

describe("pen", () => {
  const pen = (init: PointerEventInit = {}) => ({ pointerId: 9, pointerType: "pen", ...init });
  const touch = (id: number) => ({ pointerId: id, pointerType: "touch", button: 0 });
  const DRAWN = [["setBox", { x0: 50, y0: 25, x1: 100, y1: 75 }]];

  it("goes on drawing while the hand that holds it rests on the screen", () => {
    const { fire, gestures, store } = pointerScene();
    fire("pointerdown", { at: [60, 45], ...pen({ button: 0 }) });
    fire("pointermove", { at: [80, 60], ...pen() });
    for (const id of [1, 2, 3]) fire("pointerdown", { at: [150 + id, 90], ...touch(id) });
    for (const id of [1, 2, 3]) fire("pointermove", { at: [100 - id, 80], ...touch(id) });
    vi.advanceTimersByTime(5000);
    fire("pointercancel", { at: [151, 90], ...touch(1) });
    fire("pointerup", { at: [152, 90], ...touch(2) });
    fire("pointermove", { at: [110, 95], ...pen() });
    fire("pointerup", { at: [110, 95], ...pen({ button: 0 }) });
    fire("pointerup", { at: [153, 90], ...touch(3) });
    expect(gestures()).toEqual(DRAWN);
    expect(store.view.value.zoom).toBe(1);
  });

  it("takes over from a hand that has touched the screen before it", () => {
    const { fire, gestures } = pointerScene();
    fire("pointerdown", { at: [150, 90], ...touch(1) });
    fire("pointerdown", { at: [60, 45], ...pen({ button: 0 }) });
    fire("pointerup", { at: [150, 90], ...touch(1) });
    fire("pointermove", { at: [110, 95], ...pen() });
    fire("pointerup", { at: [110, 95], ...pen({ button: 0 }) });
    expect(gestures()).toEqual(DRAWN);
  });

  it("keeps touches from meaning anything until half a second after it was seen", () => {
    const { fire, gestures } = pointerScene();
    fire("pointermove", { at: [60, 45], ...pen() });
    vi.advanceTimersByTime(499);
    fire("pointerdown", { at: [150, 90], ...touch(1) });
    vi.advanceTimersByTime(5000);
    fire("pointerup", { at: [150, 90], ...touch(1) });
    expect(gestures()).toEqual([]);
    fire("pointerdown", { at: [60, 45], ...touch(2) });
    fire("pointerup", { at: [60, 45], ...touch(2) });
    expect(gestures()).toEqual([["addPoint", 50, 25, true]]);
  });

  it.each([
    ["button 5", { button: 5 }],
    ["buttons 32", { button: 0, buttons: 32 }],
  ])("rubs out with its other end, whatever the tool: %s", (_, other) => {
    const { fire, gestures, store } = pointerScene();
    store.brushRadius.value = 3;
    fire("pointerdown", { at: [60, 45], ...pen(other) });
    fire("pointerup", { at: [60, 45], ...pen(other) });
    expect(gestures()).toEqual([["erase", [50, 25], 3, null]]);
    expect(store.tool.value).toBe("point");
  });
});

describe("a pinch on a trackpad, in Safari", () => {
  const gesture = (stage: HTMLElement, type: string, scale: number) => {
    const event = Object.assign(new Event(type, { bubbles: true, cancelable: true }), {
      scale,
      clientX: 60,
      clientY: 45,
    });
    stage.dispatchEvent(event);
    return event;
  };

  it("zooms the picture at the pointer, and not the page", () => {
    const { stage, store } = pointerScene();
    const events = [
      gesture(stage, "gesturestart", 1),
      gesture(stage, "gesturechange", 1.5),
      gesture(stage, "gesturechange", 2),
      gesture(stage, "gestureend", 2),
    ];
    expect(events.every(({ defaultPrevented }) => defaultPrevented)).toBe(true);
    const { zoom, x } = store.view.value;
    expect(zoom).toBeCloseTo(2);
    expect(x - 0.25 / zoom).toBeCloseTo(0.25);
    gesture(stage, "gesturestart", 1);
    gesture(stage, "gesturechange", 0.5);
    expect(store.view.value.zoom).toBeCloseTo(1);
  });

  it("zooms once on a touch screen, where fingers are pointers as well", () => {
    const { stage, store, fire } = pointerScene();
    fire("pointerdown", { at: [100, 70], pointerId: 1, pointerType: "touch" });
    gesture(stage, "gesturestart", 1);
    gesture(stage, "gesturechange", 2);
    expect(store.view.value.zoom).toBe(1);
  });
});

describe("the margin around the picture", () => {
  /** The stage is wider than the picture by 100 CSS pixels on each side; 2 of them are one on screen. */
  function withMargin() {
    const scene = pointerScene();
    scene.store.image.value = { ...IMAGE, width: 100 };
    return scene;
  }
  const drag = ({ fire }: ReturnType<typeof pointerScene>, ...[from, to]: Spot[]) => {
    fire("pointerdown", { at: from ?? [0, 0], button: 0 });
    fire("pointermove", { at: to ?? [0, 0] });
    fire("pointerup", { at: to ?? [0, 0], button: 0 });
  };
  type Spot = readonly [x: number, y: number];

  it("is where a box can begin, at the picture's border", () => {
    const scene = withMargin();
    drag(scene, [20, 45], [110, 95]);
    expect(scene.gestures()).toEqual([["setBox", { x0: 0, y0: 25, x1: 50, y1: 75 }]]);
  });

  it("is where a cut and a stroke can begin", () => {
    const scene = withMargin();
    const { store, gestures } = scene;
    store.tool.value = "cut";
    store.confirmedAnnotations.value = [annotation("a")];
    store.selectedIds.value = new Set(["a"]);
    drag(scene, [20, 45], [200, 45]);
    store.tool.value = "brush";
    drag(scene, [20, 45], [110, 45]);
    expect(gestures().map(([name]) => name)).toEqual(["split", "brush"]);
  });

  it.each([
    ["a click", { button: 0 }],
    ["a right-click", { button: 2 }],
    ["a tap", { button: 0, pointerType: "touch" }],
  ])("takes no point by %s", (_, how) => {
    const { fire, gestures } = withMargin();
    fire("pointerdown", { at: [20, 45], ...how });
    vi.advanceTimersByTime(1000);
    fire("pointerup", { at: [20, 45], ...how });
    expect(gestures()).toEqual([]);
    // A pixel beside the border the border is meant.
    fire("pointerdown", { at: [59, 45], ...how });
    fire("pointerup", { at: [59, 45], ...how });
    expect(gestures()).toEqual([["addPoint", 0, 25, how.button === 0]]);
  });

  it("has nothing to be previewed", () => {
    const { fire, store } = withMargin();
    fire("pointermove", { at: [110, 45], movementX: 1 });
    expect(store.hover.value).toEqual({ x: 50, y: 25 });
    fire("pointermove", { at: [20, 45], movementX: 1 });
    expect(store.hover.value).toBeNull();
  });

  it("zooms the picture by wheel, and not the page", () => {
    const { stage, store } = withMargin();
    const init = { cancelable: true, clientX: 20, clientY: 45, deltaY: -120, ctrlKey: true };
    const event = new WheelEvent("wheel", init);
    stage.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
    expect(store.view.value.zoom).toBeGreaterThan(1);
  });
});
