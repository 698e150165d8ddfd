import { describe, expect, it } from "vitest";
import { editTarget } from "../../src/state/edit-target";
import { createScene } from "../support/scene";
import { answer, selectAnnotations } from "../support/values";

const POINT = { points: [{ x: 50, y: 25, positive: true }] };

describe("what is edited", () => {
  it("is a new mask while there is none", () => {
    const { store } = createScene();
    expect(editTarget(store)).toMatchObject({ id: null, name: "new mask" });
    store.answer.value = answer(1);
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
    selectAnnotations(store, "b");
    expect(editTarget(store)).toMatchObject({ id: "b", color: "#ff0000", name: "label of b" });
    selectAnnotations(store, "a", "b");
    expect(editTarget(store)).toBeNull();
    // One that is gone is no longer selected.
    selectAnnotations(store, "gone");
    expect(editTarget(store)?.id).toBeNull();
  });
});
