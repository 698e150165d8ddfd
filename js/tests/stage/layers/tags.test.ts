import { describe, expect, it } from "vitest";
import { tagsOf } from "../../../src/stage/layers/tags";
import { createStore } from "../../../src/state/store";
import { annotation } from "../../support/values";

function withThree() {
  const store = createStore();
  store.confirmedAnnotations.value = [
    annotation("a", { label: "cup" }),
    annotation("b", { label: "" }),
    annotation("c", { label: "a label that is much longer than it should be" }),
  ];
  const texts = () => tagsOf(store).map(({ text }) => text);
  return { store, texts };
}

describe("numbers on the picture", () => {
  it("are those of the list, of what is selected", () => {
    const { store, texts } = withThree();
    expect(texts()).toEqual([]);
    store.selectedIds.value = new Set(["c", "a"]);
    expect(texts()).toEqual(["1", "3"]);
  });

  it("come with the label where there is one alone, and on top where it is pointed at", () => {
    const { store, texts } = withThree();
    store.selectedIds.value = new Set(["a"]);
    expect(texts()).toEqual(["1  cup"]);
    store.highlighted.value = "b";
    expect(texts()).toEqual(["1", "2"]);
    store.highlighted.value = "c";
    expect(texts()).toEqual(["1", "3  a label that is much lo…"]);
    store.highlighted.value = "gone";
    expect(texts()).toEqual(["1"]);
  });

  it("are not more than one can read", () => {
    const { store, texts } = withThree();
    const ids = Array.from({ length: 1000 }, (_, at) => `o${at}`);
    store.confirmedAnnotations.value = ids.map((id) => annotation(id));
    store.selectedIds.value = new Set(ids);
    expect(texts()).toHaveLength(200);
  });
});
