import { describe, expect, it } from "vitest";
import { keepChosenLabel } from "../../src/state/chosen-label";
import { createStore } from "../../src/state/store";

/** A view of a widget that was made with these labels. */
function view(memory: Map<string, string>, offered: string[], labels = offered) {
  const store = createStore();
  store.offeredLabels.value = offered;
  store.labels.value = labels;
  const stop = keepChosenLabel(store, {
    getItem: (key) => memory.get(key) ?? null,
    setItem: (key, value) => memory.set(key, value),
  });
  return { store, stop };
}

describe("the label that a view begins with", () => {
  it("is the first of those that the widget was made with", () => {
    expect(view(new Map(), ["cat", "dog"]).store.label.value).toBe("cat");
    expect(view(new Map(), []).store.label.value).toBe("");
    expect(view(new Map(), [], ["from an object"]).store.label.value).toBe("");
  });

  it.each(["dog", ""])("is %o if that was chosen last", (chosen) => {
    const memory = new Map<string, string>();
    const { store, stop } = view(memory, ["cat", "dog"]);
    store.label.value = chosen;
    stop();
    store.label.value = "after the end";
    expect(view(memory, ["cat", "dog"]).store.label.value).toBe(chosen);
    expect(view(memory, ["dog", "cat"]).store.label.value).toBe("dog");
  });

  it("is the first again if the one chosen last is not there", () => {
    const memory = new Map<string, string>();
    view(memory, ["cat"]).store.label.value = "bird";
    expect(view(memory, ["cat"], ["cat", "bird"]).store.label.value).toBe("bird");
    expect(view(memory, ["cat"]).store.label.value).toBe("cat");
  });

  it("comes with the labels, however late, and then stays what is chosen", () => {
    const { store } = view(new Map(), []);
    store.offeredLabels.value = ["cat", "dog"];
    store.labels.value = ["cat", "dog"];
    expect(store.label.value).toBe("cat");
    store.label.value = "";
    store.labels.value = ["cat", "dog", "bird"];
    expect(store.label.value).toBe("");
  });
});
