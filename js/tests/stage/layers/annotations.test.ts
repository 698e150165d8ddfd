import { describe, expect, it } from "vitest";
import { annotationsOnStage } from "../../../src/stage/layers/annotations";
import type { SceneAnnotation } from "../../../src/state/annotations";
import { EMPTY_DOCUMENT } from "../../../src/state/document";
import { createStore } from "../../../src/state/store";

function annotation(id: string): SceneAnnotation {
  const rle = new DataView(new ArrayBuffer(0));
  const facts = { label: "", color: "#000000", visible: true, score: 1, stability: 1, area: 1 };
  return { id, ...facts, bbox: [0, 0, 1, 1], width: 1, height: 1, rle };
}

describe("objects on the stage", () => {
  it("leave out the one that was reopened, and stay the same list while it is refined", () => {
    const store = createStore();
    store.confirmedAnnotations.value = [annotation("a"), annotation("b")];
    const shown = annotationsOnStage(store);
    expect(shown.value).toBe(store.annotations.value);
    store.document.value = { ...EMPTY_DOCUMENT, reopened: "a" };
    const without = shown.value;
    expect(without.map(({ id }) => id)).toEqual(["b"]);
    // Composing them anew at every click would cost more than the click.
    store.document.value = { ...EMPTY_DOCUMENT, version: 7, reopened: "a" };
    expect(shown.value).toBe(without);
    store.document.value = EMPTY_DOCUMENT;
    expect(shown.value).toBe(store.annotations.value);
  });
});
