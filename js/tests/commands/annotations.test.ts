import { afterEach, describe, expect, it } from "vitest";
import { chooseLabel } from "../../src/commands/annotations";
import { keyboardScene } from "../support/input";
import { createScene } from "../support/scene";
import { selectAnnotations } from "../support/values";

const POINT = { points: [{ x: 50, y: 25, positive: true }] };

afterEach(() => {
  document.body.replaceChildren();
});

describe("a label that is chosen", () => {
  it("is the mask's on screen, or with the select tool that of the selected objects", () => {
    const { store, actions, calls } = createScene(POINT);
    selectAnnotations(store, "a", "b");
    chooseLabel({ store, actions }, "cup");
    expect(store.label.value).toBe("cup");
    expect(calls).toEqual([]);
    store.tool.value = "select";
    chooseLabel({ store, actions }, "spoon");
    expect(store.label.value).toBe("cup");
    expect(calls).toEqual([["updateAnnotations", ["a", "b"], { label: "spoon" }]]);
  });
});

describe("Delete", () => {
  it("takes prompts first, but with the select tool what is selected", () => {
    const { store, press, gestures } = keyboardScene();
    store.document.value = {
      ...store.document.value,
      prompts: { ...store.document.value.prompts, ...POINT },
    };
    selectAnnotations(store, "a");
    press("Delete");
    store.tool.value = "select";
    press("Delete");
    expect(gestures()).toEqual([
      ["removePoint", 0],
      ["removeAnnotations", ["a"]],
    ]);
  });
});
