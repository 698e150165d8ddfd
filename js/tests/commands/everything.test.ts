import { afterEach, describe, expect, it } from "vitest";
import { keyboardScene } from "../support/input";

afterEach(() => {
  document.body.replaceChildren();
});

describe("Enter in everything mode", () => {
  it("keeps what is selected under the current label; with nothing selected it accepts", () => {
    const { store, press, gestures } = keyboardScene();
    store.tool.value = "everything";
    store.label.value = "cup";
    store.everything.selected.value = new Set([2, 5]);
    press("Enter");
    expect(gestures()).toEqual([["everything.keep", [2, 5], "cup"]]);
    expect(store.everything.selected.value.size).toBe(0);
    press("Enter");
    expect(gestures().at(-1)).toEqual(["accept", "cup"]);
  });

  it("accepts the mask on screen with any other tool", () => {
    const { store, press, gestures } = keyboardScene();
    store.everything.selected.value = new Set([2, 5]);
    press("Enter");
    expect(gestures()).toEqual([["accept", null]]);
    expect(store.everything.selected.value.size).toBe(2);
  });
});
