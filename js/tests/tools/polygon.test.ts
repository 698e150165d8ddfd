import { describe, expect, it } from "vitest";
import { finishOrAccept } from "../../src/commands/accept";
import { moveSelectedPoint, selectNextPrompt } from "../../src/commands/crosshair";
import { applyPolygon, canReopen, dropPolygon, reopenPolygon } from "../../src/commands/editing";
import { deletePrompt } from "../../src/commands/prompts";
import { forgetWhatIsGone } from "../../src/state/forgetting";
import { TOOLS } from "../../src/tools/toolbox";
import { hand } from "../support/hand";
import { IMAGE } from "../support/scene";
import { selectAnnotations } from "../support/values";

const { polygon } = TOOLS;

const POINT = { points: [{ x: 50, y: 25, positive: true }] };

describe("the polygon", () => {
  const corners = [
    [20, 20],
    [100, 20],
    [100, 80],
  ] as const;
  const VERTICES = [10, 10, 50, 10, 50, 40];

  it("is closed by a click on its first corner, and applied by one elsewhere", () => {
    const { click, calls, interaction } = hand(POINT);
    for (const corner of corners) click(polygon, corner);
    expect(interaction.polygon.value).toEqual(VERTICES);
    expect(interaction.closed.value).toBeNull();
    click(polygon, [22, 23]);
    expect(interaction.closed.value).toEqual({ alternate: false, corner: null, reopened: false });
    expect(calls).toEqual([]);
    click(polygon, [300, 150]);
    expect(calls).toEqual([["addPolygon", VERTICES, null]]);
    // That click begins the next one.
    expect(interaction.polygon.value).toEqual([150, 75]);
    expect(interaction.closed.value).toBeNull();
  });

  it("is closed by a second click on its last corner, and needs three", () => {
    const { click, calls, store, context } = hand(POINT);
    click(polygon, corners[0]);
    click(polygon, corners[0]);
    for (const corner of corners.slice(1)) click(polygon, corner);
    store.subtracting.value = true;
    click(polygon, corners[2]);
    applyPolygon(context);
    expect(calls).toEqual([["subtractPolygon", VERTICES, null]]);
  });

  it("does the opposite with Alt", () => {
    const { click, calls, context } = hand(POINT);
    for (const corner of corners) click(polygon, corner);
    click(polygon, corners[0], true);
    applyPolygon(context);
    expect(calls).toEqual([["subtractPolygon", VERTICES, null]]);
  });

  describe("that is closed", () => {
    function closed() {
      const scene = hand(POINT);
      for (const corner of corners) scene.click(polygon, corner);
      scene.click(polygon, corners[0]);
      return scene;
    }

    it("has corners to be dragged, which keep their distance to the pointer", () => {
      const { drag, interaction } = closed();
      drag(polygon, [102, 22], [122, 42]);
      expect(interaction.polygon.value).toEqual([10, 10, 60, 20, 50, 40]);
      expect(interaction.closed.value?.corner).toBe(1);
      drag(polygon, [122, 38], [122, 38]);
      expect(interaction.polygon.value).toEqual([10, 10, 60, 20, 50, 40]);
    });

    it("gets a corner where an edge is pressed, and loses the selected one", () => {
      const { drag, interaction, context } = closed();
      drag(polygon, [60, 20], [60, 4]);
      expect(interaction.polygon.value).toEqual([10, 10, 30, 2, 50, 10, 50, 40]);
      deletePrompt(context);
      expect(interaction.polygon.value).toEqual(VERTICES);
      deletePrompt(context);
      expect(interaction.polygon.value).toEqual(VERTICES);
      expect(context.store.notice.value?.text).toBe("A polygon needs three corners.");
    });

    it("is as it was when a drag is given up", () => {
      const { press, interaction } = closed();
      press(polygon, [60, 20]).cancel();
      expect(interaction.polygon.value).toEqual(VERTICES);
      expect(interaction.closed.value?.corner).toBeNull();
    });

    it("is easier to hit with a finger", () => {
      const { drag, dragFinger, interaction } = closed();
      drag(polygon, [112, 8], [122, 18]);
      expect(interaction.polygon.value.slice(0, 6)).not.toEqual([10, 10, 55, 15, 50, 40]);
      interaction.polygon.value = VERTICES;
      interaction.closed.value = { alternate: false, corner: null, reopened: false };
      dragFinger(polygon, [112, 8], [122, 18]);
      expect(interaction.polygon.value).toEqual([10, 10, 55, 15, 50, 40]);
    });

    it("is dropped without an edit, and applied by Enter", () => {
      const first = closed();
      dropPolygon(first.context);
      expect(first.interaction.polygon.value).toEqual([]);
      finishOrAccept(closed().context);
      expect(first.calls).toEqual([]);
      const second = closed();
      finishOrAccept(second.context);
      expect(second.calls).toEqual([["addPolygon", VERTICES, null]]);
      expect(second.interaction.closed.value).toBeNull();
    });

    it("waits for Enter while another tool is in hand, and goes with its image", () => {
      const { store, interaction, click } = hand(POINT);
      const stop = forgetWhatIsGone(store, interaction);
      store.tool.value = "polygon";
      for (const corner of [...corners, corners[0]]) click(polygon, corner);
      store.tool.value = "point";
      expect(interaction.polygon.value).toEqual(VERTICES);
      store.image.value = { ...IMAGE, id: "another" };
      expect(interaction.polygon.value).toEqual([]);
      expect(interaction.closed.value).toBeNull();
      stop();
    });

    it("is moved corner by corner from the keyboard", () => {
      const { interaction, context } = closed();
      selectNextPrompt(context);
      selectNextPrompt(context);
      expect(interaction.crosshair.value).toEqual({ x: 50, y: 10 });
      interaction.crosshair.value = { x: 70, y: 30 };
      moveSelectedPoint(context);
      expect(interaction.polygon.value).toEqual([10, 10, 70, 30, 50, 40]);
    });
  });

  describe("that was applied", () => {
    function applied() {
      const scene = hand(POINT);
      const stop = forgetWhatIsGone(scene.store, scene.interaction);
      scene.store.tool.value = "polygon";
      for (const corner of corners) scene.click(polygon, corner);
      scene.click(polygon, corners[0]);
      // As a gesture on its way; what is confirmed is there before it is acknowledged.
      scene.store.pending.value = [{ type: "undo" }];
      applyPolygon(scene.context);
      scene.calls.length = 0;
      const confirm = (cursor: number, version: number) => {
        scene.store.document.value = { ...scene.store.document.value, cursor, version };
        scene.store.pending.value = [];
      };
      return { ...scene, confirm, stop };
    }

    it("is taken up again by a press on its outline, and replaces the edit that it was", () => {
      const { confirm, drag, interaction, calls, context } = applied();
      confirm(1, 5);
      drag(polygon, [100, 80], [120, 80]);
      expect(interaction.polygon.value).toEqual([10, 10, 50, 10, 60, 40]);
      expect(calls).toEqual([]);
      applyPolygon(context);
      expect(calls).toEqual([["undo"], ["addPolygon", [10, 10, 50, 10, 60, 40], null]]);
    });

    it("stays an edit when what was taken up again is dropped", () => {
      const { confirm, interaction, calls, context } = applied();
      confirm(1, 5);
      reopenPolygon(context);
      dropPolygon(context);
      expect(calls).toEqual([]);
      expect(interaction.applied.value).not.toBeNull();
    });

    it("is no longer taken up when something else was done, or undone, or it failed", () => {
      for (const steps of [
        [
          [1, 5],
          [2, 6],
        ],
        [
          [1, 5],
          [0, 6],
          [1, 7],
        ],
        [[0, 4]],
      ] as const) {
        const { confirm, interaction, context, stop } = applied();
        for (const [cursor, version] of steps) confirm(cursor, version);
        expect(canReopen(context)).toBe(false);
        reopenPolygon(context);
        expect(interaction.closed.value).toBeNull();
        stop();
      }
    });

    it("becomes a further edit if something was done while its corners were moved", () => {
      const { confirm, calls, context } = applied();
      confirm(1, 5);
      reopenPolygon(context);
      confirm(2, 6);
      applyPolygon(context);
      expect(calls).toEqual([["addPolygon", VERTICES, null]]);
    });
  });

  it("is not begun while several objects are selected", () => {
    const { click, interaction, store } = hand();
    selectAnnotations(store, "a", "b");
    click(polygon, corners[0]);
    expect(interaction.polygon.value).toEqual([]);
    expect(store.notice.value?.kind).toBe("error");
  });
});
