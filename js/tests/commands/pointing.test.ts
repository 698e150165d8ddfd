import { describe, expect, it } from "vitest";
import { selectFound, selectionAfter, selectObjects } from "../../src/commands/pointing";
import { createScene } from "../support/scene";
import { boxObject } from "../support/values";

describe("a click on a stack of things", () => {
  it.each([
    ["selects the topmost", "", "abc", {}, "a"],
    ["selects the topmost elsewhere, whatever was selected", "b", "abc", {}, "a"],
    ["goes to the next one beneath", "a", "abc", { again: true }, "b"],
    ["comes back to the topmost", "c", "abc", { again: true }, "a"],
    ["selects one of several", "xy", "abc", { again: true }, "a"],
    ["selects nothing where there is nothing", "ab", "", {}, ""],
    ["adds", "x", "abc", { adding: true }, "ax"],
    ["takes away what is selected", "ax", "abc", { adding: true }, "x"],
    ["keeps all where nothing is to be added", "ax", "", { adding: true }, "ax"],
  ])("%s", (_, before, stack, how, after) => {
    const next = selectionAfter(new Set(before), [...stack], {
      adding: false,
      again: false,
      ...how,
    });
    expect([...next].sort().join("")).toBe(after);
  });
});

describe("objects in the picture", () => {
  function scene() {
    const made = createScene();
    made.store.confirmedAnnotations.value = [
      boxObject("large", { x0: 0, y0: 0, x1: 160, y1: 100 }),
      boxObject("small", { x0: 40, y0: 20, x1: 100, y1: 80 }),
    ];
    const selected = () => [...made.store.selectedIds.value];
    return { ...made, selected };
  }

  it("are selected one beneath the other, at one place", () => {
    const { store, selected } = scene();
    const at = { x: 60, y: 50 };
    const seen = [0, 1, 2].map(() => {
      selectObjects(store, at, false);
      return selected();
    });
    expect(seen).toEqual([["small"], ["large"], ["small"]]);
    // A hand's tremble is the same place, and so is a zoomed one's; another place is not.
    selectObjects(store, { x: 61, y: 51 }, false);
    expect(selected()).toEqual(["large"]);
    selectObjects(store, { x: 70, y: 60 }, false);
    expect(selected()).toEqual(["small"]);
    store.view.value = { ...store.view.value, zoom: 8 };
    selectObjects(store, { x: 71, y: 60 }, false);
    expect(selected()).toEqual(["small"]);
    selectObjects(store, { x: 190, y: 90 }, false);
    expect(selected()).toEqual([]);
  });

  it("are listed once they are selected, whatever the filter", () => {
    const { store, selected } = scene();
    store.annotationFilter.value = { text: "small", label: null };
    selectObjects(store, { x: 60, y: 50 }, false);
    expect(store.annotationFilter.value.text).toBe("small");
    selectObjects(store, { x: 10, y: 10 }, false);
    expect(selected()).toEqual(["large"]);
    expect(store.annotationFilter.value).toEqual({ text: "", label: null });
  });

  it("cannot be selected before there is an image", () => {
    const { store, selected } = scene();
    store.image.value = null;
    selectObjects(store, { x: 60, y: 50 }, false);
    selectFound(store, { x: 60, y: 50 }, false);
    expect(selected()).toEqual([]);
  });
});
