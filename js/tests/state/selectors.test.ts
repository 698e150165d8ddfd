import { describe, expect, it } from "vitest";
import { MASK_COLOR } from "../../src/state/colors";
import {
  peekedMask,
  pendingColor,
  shownLabelColor,
  shownMultimask,
} from "../../src/state/selectors";
import { createScene } from "../support/scene";
import { annotation, answer } from "../support/values";

describe("the colour of the mask on screen", () => {
  it("is its label's, and follows it at once", () => {
    const { store } = createScene();
    store.labelColors.value = { cup: "#ff0000", spoon: "#00ff00" };
    expect(pendingColor(store)).toBe(MASK_COLOR);
    store.label.value = "cup";
    expect(pendingColor(store)).toBe("#ff0000");
    store.label.value = "spoon";
    expect(pendingColor(store)).toBe("#00ff00");
    store.labelColors.value = { spoon: "#0000ff" };
    expect(pendingColor(store)).toBe("#0000ff");
    store.label.value = "constructor";
    expect(pendingColor(store)).toBe(MASK_COLOR);
  });

  it("is that of the object that was reopened", () => {
    const { store } = createScene();
    store.labelColors.value = { cup: "#ff0000" };
    store.label.value = "cup";
    store.confirmedAnnotations.value = [annotation("a", { color: "#123456" })];
    store.document.value = { ...store.document.value, reopened: "a" };
    expect(pendingColor(store)).toBe("#123456");
  });
});

describe("the candidate that is looked at", () => {
  it("is another one than the chosen, of the answer on screen", () => {
    const { store } = createScene();
    store.answer.value = answer(3, 1, 7);
    expect(peekedMask(store)).toBeNull();
    store.peeked.value = { revision: 7, index: 2 };
    expect(peekedMask(store)?.rle).toBe(store.answer.value.candidates[2]?.rle);
    store.peeked.value = { revision: 7, index: 1 };
    expect(peekedMask(store)).toBeNull();
    store.peeked.value = { revision: 7, index: 3 };
    expect(peekedMask(store)).toBeNull();
  });

  it("is none as soon as there is another answer, or one is on its way", () => {
    const { store } = createScene();
    store.answer.value = answer(3, 1, 7);
    store.paintedRevision.value = 7;
    store.peeked.value = { revision: 7, index: 2 };
    store.pending.value = [{ type: "add_point", x: 1, y: 1, positive: true }];
    expect(peekedMask(store)).toBeNull();
    store.pending.value = [];
    expect(peekedMask(store)).not.toBeNull();
    store.answer.value = answer(3, 1, 8);
    expect(peekedMask(store)).toBeNull();
  });
});

describe("what this view has just said", () => {
  it("is shown before Python has confirmed it", () => {
    const { store } = createScene();
    store.labelColors.value = { cup: "#ff0000" };
    expect(shownLabelColor(store, "cup")).toBe("#ff0000");
    expect(shownMultimask(store)).toBeNull();
    store.pending.value = [
      { type: "recolor_label", label: "cup", color: "#00ff00" },
      { type: "recolor_label", label: "spoon", color: "#0000ff" },
      { type: "set_multimask", value: true },
    ];
    expect(shownLabelColor(store, "cup")).toBe("#00ff00");
    expect(shownMultimask(store)).toBe(true);
    store.pending.value = [...store.pending.value, { type: "set_multimask", value: null }];
    expect(shownMultimask(store)).toBeNull();
  });
});
