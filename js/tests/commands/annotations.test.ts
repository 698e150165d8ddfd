import { afterEach, describe, expect, it } from "vitest";
import { chooseLabel } from "../../src/commands/annotations";
import { EMPTY_DOCUMENT } from "../../src/state/document";
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
    // In everything mode it is for what is kept.
    store.document.value = EMPTY_DOCUMENT;
    store.tool.value = "everything";
    chooseLabel({ store, actions }, "fork");
    expect(store.label.value).toBe("fork");
    expect(calls).toHaveLength(1);
  });
});

describe("a label that accepts", () => {
  function accepting(found = 0) {
    const scene = createScene(POINT);
    scene.store.acceptOnLabelChoice.value = true;
    scene.store.everything.selected.value = new Set(Array.from({ length: found }, (_, at) => at));
    const choose = (label: string) => chooseLabel(scene, label);
    return { ...scene, choose };
  }

  it("takes the mask on screen, every time anew", () => {
    const { store, choose, calls } = accepting();
    choose("cup");
    choose("cup");
    choose("spoon");
    expect(calls).toEqual([
      ["accept", "cup"],
      ["accept", "cup"],
      ["accept", "spoon"],
    ]);
    expect(store.label.value).toBe("spoon");
  });

  it("keeps what is selected in everything mode", () => {
    const { store, choose, calls } = accepting(2);
    store.tool.value = "everything";
    choose("cup");
    expect(calls).toEqual([["everything.keep", [0, 1], "cup"]]);
  });

  it("only chooses where there is no mask, for a reopened object, and unless it is wanted", () => {
    const { store, choose, calls } = accepting();
    store.document.value = { ...store.document.value, reopened: "a" };
    choose("cup");
    store.document.value = EMPTY_DOCUMENT;
    choose("spoon");
    store.acceptOnLabelChoice.value = null;
    store.document.value = {
      ...EMPTY_DOCUMENT,
      prompts: { ...EMPTY_DOCUMENT.prompts, ...POINT },
    };
    choose("fork");
    expect(calls).toEqual([]);
    expect(store.label.value).toBe("fork");
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
