// Hand editing on the page: tools, keys, the panel. What it does to masks is Python's to test.

import { afterEach, describe, expect, it, vi } from "vitest";
import { mountKeyboard } from "../../src/input/keyboard";
import { mountPointer } from "../../src/input/pointer";
import type { WireIslands } from "../../src/protocol";
import { brushRadiusOf, setBrushRadius, stepBrushRadius } from "../../src/state/brush";
import { editTarget } from "../../src/state/edit-target";
import type { Store } from "../../src/state/store";
import { TOOLS } from "../../src/tools/toolbox";
import { hand } from "../support/hand";
import { mount, object, prediction, settled } from "../support/mounted";
import { createScene, IMAGE } from "../support/scene";

const POINT = { points: [{ x: 50, y: 25, positive: true }] };
const { brush, eraser, polygon, cut } = TOOLS;

function select(store: Store, ...ids: string[]): void {
  store.confirmedObjects.value = ["a", "b"].map((id) => object(id));
  store.selectedIds.value = new Set(ids);
}

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

describe("what is edited", () => {
  it("is a new mask while there is none", () => {
    const { store } = createScene();
    expect(editTarget(store)).toMatchObject({ id: null, name: "new mask" });
    store.prediction.value = prediction(1);
    expect(editTarget(store)?.name).toBe("mask on screen");
  });

  it("is the mask on screen, even while it is on its way", () => {
    const { store } = createScene();
    store.pending.value = [{ type: "add_point", x: 1, y: 1, positive: true }];
    expect(editTarget(store)?.id).toBeNull();
    expect(editTarget(createScene(POINT).store)?.name).toBe("mask on screen");
  });

  it("is the selected object, if it is one", () => {
    const { store } = createScene(POINT);
    select(store, "b");
    expect(editTarget(store)).toMatchObject({ id: "b", color: "#ff0000", name: "label of b" });
    select(store, "a", "b");
    expect(editTarget(store)).toBeNull();
    // One that is gone is no longer selected.
    select(store, "gone");
    expect(editTarget(store)?.id).toBeNull();
  });
});

describe("the brush", () => {
  it("paints where the pointer went, in image pixels, and beyond the image", () => {
    const { drag, calls, interaction, store } = hand(POINT);
    store.brushRadius.value = 6;
    drag(brush, [100, 50], [120, 60], [120, -40]);
    expect(calls).toEqual([["brush", [50, 25, 60, 30, 60, -20], 6, null]]);
    expect(interaction.stroke.value).toBeNull();
  });

  it("shows the stroke while it is drawn", () => {
    const { press, at, interaction } = hand(POINT);
    const drag = press(brush, [100, 50]);
    drag.move(at([110, 60]));
    expect(interaction.stroke.value).toMatchObject({ kind: "brush", points: [50, 25, 55, 30] });
    drag.cancel();
    expect(interaction.stroke.value).toBeNull();
  });

  it("makes a dab of a click, erases with the other button, and the eraser the other way", () => {
    const { click, calls, store } = hand(POINT);
    select(store, "a");
    store.brushRadius.value = 3;
    click(brush, [100, 50]);
    click(brush, [100, 50], true);
    click(eraser, [100, 50]);
    click(eraser, [100, 50], true);
    expect(calls).toEqual(
      ["brush", "erase", "erase", "brush"].map((name) => [name, [50, 25], 3, "a"]),
    );
  });

  it("says so if it is not clear what to paint on", () => {
    const { drag, calls, store } = hand();
    select(store, "a", "b");
    drag(eraser, [100, 50], [120, 60]);
    expect(calls).toEqual([]);
    expect(store.notice.value?.text).toBe("Several objects are selected.");
  });

  it("takes a long press of a finger for the start of a stroke", () => {
    vi.useFakeTimers();
    const scene = createScene(POINT);
    const stage = document.createElement("div");
    stage.setPointerCapture = () => undefined;
    vi.spyOn(stage, "getBoundingClientRect").mockReturnValue(new DOMRect(0, 0, 400, 200));
    const { store, actions, interaction, calls } = scene;
    mountPointer(stage, { store, actions, interaction }, new AbortController().signal);
    store.tool.value = "brush";
    store.brushRadius.value = 2;
    const fire = (type: string, clientX: number) =>
      stage.dispatchEvent(
        new PointerEvent(type, { pointerId: 1, pointerType: "touch", clientX, clientY: 50 }),
      );
    fire("pointerdown", 100);
    vi.advanceTimersByTime(2000);
    fire("pointermove", 140);
    fire("pointerup", 140);
    const edits = calls.filter(([name]) => name !== "preview");
    expect(edits).toEqual([["brush", [50, 25, 70, 25], 2, null]]);
  });

  it("has a radius that follows the image until it is chosen", () => {
    const { store } = createScene();
    expect(brushRadiusOf(store)).toBe(3);
    store.image.value = { ...IMAGE, width: 6000 };
    expect(brushRadiusOf(store)).toBe(100);
    stepBrushRadius(store, 1);
    expect(brushRadiusOf(store)).toBe(117);
    for (let press = 0; press < 100; press++) stepBrushRadius(store, -1);
    expect(brushRadiusOf(store)).toBe(0.5);
    setBrushRadius(store, 1e9);
    expect(brushRadiusOf(store)).toBe(1000);
  });
});

describe("the polygon", () => {
  const corners = [
    [20, 20],
    [100, 20],
    [100, 80],
  ] as const;
  const VERTICES = [10, 10, 50, 10, 50, 40];

  it("is closed by a click on its first corner", () => {
    const { click, calls, interaction } = hand(POINT);
    for (const corner of corners) click(polygon, corner);
    expect(interaction.polygon.value).toEqual(VERTICES);
    expect(calls).toEqual([]);
    click(polygon, [22, 23]);
    expect(calls).toEqual([["addPolygon", VERTICES, null]]);
    expect(interaction.polygon.value).toEqual([]);
  });

  it("is closed by a second click on its last corner, and needs three", () => {
    const { click, calls, store } = hand(POINT);
    click(polygon, corners[0]);
    click(polygon, corners[0]);
    for (const corner of corners.slice(1)) click(polygon, corner);
    store.subtracting.value = true;
    click(polygon, corners[2]);
    expect(calls).toEqual([["subtractPolygon", VERTICES, null]]);
  });

  it("does the opposite with Alt", () => {
    const { click, calls } = hand(POINT);
    for (const corner of corners) click(polygon, corner);
    click(polygon, corners[0], true);
    expect(calls).toEqual([["subtractPolygon", VERTICES, null]]);
  });

  it("is not begun while several objects are selected", () => {
    const { click, interaction, store } = hand();
    select(store, "a", "b");
    click(polygon, corners[0]);
    expect(interaction.polygon.value).toEqual([]);
    expect(store.notice.value?.kind).toBe("error");
  });
});

describe("the knife", () => {
  it("cuts the selected object along the line", () => {
    const { drag, click, calls, store } = hand(POINT);
    select(store, "b");
    click(cut, [100, 50]);
    drag(cut, [100, 0], [100, 50], [100, 198]);
    expect(calls).toEqual([["split", "b", [50, 0, 50, 99]]]);
  });

  it("leaves the mask on screen alone", () => {
    const { drag, calls, store } = hand(POINT);
    drag(cut, [100, 0], [100, 198]);
    expect(calls).toEqual([]);
    expect(store.notice.value?.text).toBe("Only accepted objects can be cut.");
  });
});

describe("keys", () => {
  function keyboard(prompts = POINT) {
    const scene = createScene(prompts);
    const root = document.createElement("div");
    const stage = document.createElement("div");
    stage.tabIndex = 0;
    root.append(stage);
    document.body.append(root);
    const { store, actions, interaction } = scene;
    mountKeyboard(root, stage, { store, actions, interaction }, new AbortController().signal);
    const press = (...keys: string[]) => {
      stage.focus();
      for (const key of keys) {
        stage.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        stage.dispatchEvent(new KeyboardEvent("keyup", { key, bubbles: true }));
      }
    };
    return { ...scene, press };
  }

  it.each([
    ["d", "brush"],
    ["e", "eraser"],
    ["g", "polygon"],
    ["k", "cut"],
  ])("%s takes the %s", (key, tool) => {
    const { press, store } = keyboard();
    press(key);
    expect(store.tool.value).toBe(tool);
  });

  it("change the brush while one paints, else the opacity", () => {
    const { press, store } = keyboard();
    press("]");
    expect(store.opacity.value).toBe(0.6);
    press("e", "]");
    expect(store.opacity.value).toBe(0.6);
    expect(brushRadiusOf(store)).toBe(4);
    press("[", "[");
    expect(brushRadiusOf(store)).toBe(2);
  });

  it("end, shorten and give up a polygon before they do anything else", () => {
    const { press, interaction, calls, store } = keyboard();
    store.tool.value = "polygon";
    interaction.polygon.value = [0, 0, 9, 0, 9, 9, 5, 9];
    press("Backspace", "Enter");
    expect(calls).toEqual([["addPolygon", [0, 0, 9, 0, 9, 9], null]]);
    interaction.polygon.value = [0, 0, 9, 0];
    press("Enter");
    expect(calls).toHaveLength(1);
    press("Escape");
    expect(interaction.polygon.value).toEqual([]);
    expect(document.activeElement).not.toBe(document.body);
    press("Enter");
    expect(calls.at(-1)).toEqual(["accept", null]);
  });

  it("paint dabs and place corners at the crosshair", () => {
    const { press, interaction, calls, store } = keyboard();
    store.brushRadius.value = 3;
    interaction.crosshair.value = { x: 7, y: 8 };
    store.tool.value = "brush";
    press("i", "x");
    store.tool.value = "eraser";
    press("i");
    store.tool.value = "polygon";
    press("i");
    expect(calls).toEqual([
      ["brush", [7, 8], 3, null],
      ["erase", [7, 8], 3, null],
      ["erase", [7, 8], 3, null],
    ]);
    expect(interaction.polygon.value).toEqual([7, 8]);
  });
});

describe("the panel", () => {
  const PARTS: WireIslands = {
    island_count: 3,
    islands: [12, 40, 310],
    hole_count: 1,
    holes: [7],
  };

  async function panel(...selected: string[]) {
    const mounted = mount((store) => {
      store.image.value = IMAGE;
      store.kernelStatus.value = "ready";
      store.document.value = {
        ...store.document.value,
        prompts: { ...POINT, box: null, has_mask: false },
      };
      store.prediction.value = prediction(3, 1);
      if (selected.length > 0) select(store, ...selected);
    });
    vi.mocked(mounted.actions.islands).mockResolvedValue(PARTS);
    await settled();
    return mounted;
  }

  it("asks for islands only once it is open", async () => {
    const { get, actions, all } = await panel();
    expect(actions.islands).not.toHaveBeenCalled();
    expect(all("islands")).toEqual([]);
    get("editing-open").click();
    await settled();
    expect(actions.islands).toHaveBeenCalledExactlyOnceWith(null);
    await vi.waitFor(() =>
      expect(get("islands").textContent).toContain("3 islands: 12, 40, 310\u202fpx"),
    );
    expect(get("holes").textContent).toContain("1 hole: 7\u202fpx");
  });

  it("opens with an editing tool", async () => {
    const { get, store } = await panel();
    store.tool.value = "brush";
    await settled();
    expect(get("editing-open").getAttribute("aria-expanded")).toBe("true");
    expect(get("brush-radius").getAttribute("aria-valuetext")).toBe("3 pixels");
    store.tool.value = "polygon";
    await settled();
    get("polygon-subtract").click();
    expect(store.subtracting.value).toBe(true);
  });

  it("offers to drop all but the largest island, or what is typed", async () => {
    const { get, actions, store } = await panel("a");
    store.editingOpen.value = true;
    await vi.waitFor(() => expect(get("islands").dataset.count).toBe("3"));
    expect(get<HTMLInputElement>("island-area").value).toBe("41");
    get("drop-islands").click();
    expect(actions.dropIslands).toHaveBeenLastCalledWith(41, "a");
    const input = get<HTMLInputElement>("island-area");
    input.value = "20";
    input.dispatchEvent(new InputEvent("input", { bubbles: true }));
    await settled();
    get("drop-islands").click();
    expect(actions.dropIslands).toHaveBeenLastCalledWith(20, "a");
    get("fill-holes").click();
    expect(actions.fillHoles).toHaveBeenCalledExactlyOnceWith(null, "a");
  });

  it("asks again when the mask is another one, and not before it is confirmed", async () => {
    const { actions, store } = await panel("a");
    store.editingOpen.value = true;
    await settled();
    expect(actions.islands).toHaveBeenCalledTimes(1);
    store.pending.value = [{ type: "undo" }];
    await settled();
    expect(actions.islands).toHaveBeenCalledTimes(1);
    store.confirmedObjects.value = [object("a", { rle: new DataView(new ArrayBuffer(1)) })];
    store.pending.value = [];
    await settled();
    expect(actions.islands).toHaveBeenCalledTimes(2);
  });

  it("smooths, splits and merges what it says", async () => {
    const { get, actions, store } = await panel();
    store.editingOpen.value = true;
    await settled();
    get("edit-smooth").click();
    expect(actions.smooth).toHaveBeenCalledExactlyOnceWith(2, null);
    get("edit-split").click();
    expect(actions.split).not.toHaveBeenCalled();
    select(store, "b");
    await settled();
    expect(get("edit-target").dataset.id).toBe("b");
    get("edit-split").click();
    expect(actions.split).toHaveBeenCalledExactlyOnceWith("b", null);
    get("edit-merge").click();
    expect(actions.merge).not.toHaveBeenCalled();
    select(store, "a", "b");
    await settled();
    get("edit-merge").click();
    expect(actions.merge).toHaveBeenCalledExactlyOnceWith(["a", "b"], null);
    get("edit-target-off").click();
    expect(store.selectedIds.value.size).toBe(0);
  });
});
