import { describe, expect, it } from "vitest";
import { mount, settled } from "../support/mounted";
import { boxObject } from "../support/values";

async function withFound() {
  const mounted = mount((store) => {
    const mask = boxObject("m", { x0: 0, y0: 0, x1: 40, y1: 40 });
    const { everything } = store;
    everything.open.value = true;
    everything.masks.value = [0, 1, 2].map((row) => ({ ...mask, row, score: 0.9, stability: 1 }));
    everything.kept.value = [0, 1, 2];
    everything.selected.value = new Set([0, 2]);
  });
  await settled();
  const words = () =>
    ["selection", "keep-selected", "keep-all"].map(
      (part) => mounted.get(`everything-${part}`).textContent,
    );
  return { ...mounted, words };
}

describe("what everything mode keeps", () => {
  it("is said with the label that it is kept under", async () => {
    const { store, words } = await withFound();
    expect(words()).toEqual(["2 masks selected.", "Keep 2", "Keep all 3"]);
    store.label.value = "cup";
    await settled();
    expect(words()).toEqual(["2 masks selected.", "Keep 2 as cup", "Keep all 3 as cup"]);
  });

  it("comes with figures for who asks", async () => {
    const { store, words } = await withFound();
    store.everything.selected.value = new Set([1]);
    await settled();
    expect(words()[0]).toBe("1 mask selected.");
    store.figures.value = true;
    await settled();
    expect(words()[0]).toBe("IoU 0.90, stability 1.00, 500 px.");
  });

  it("is the selection, or all; with nothing selected nothing", async () => {
    const { store, actions, get } = await withFound();
    store.label.value = "cup";
    get("everything-keep-selected").click();
    expect(actions.everything.keep).toHaveBeenLastCalledWith([0, 2], "cup");
    get("everything-keep-selected").click();
    expect(actions.everything.keep).toHaveBeenCalledTimes(1);
    get("everything-keep-all").click();
    expect(actions.everything.keep).toHaveBeenLastCalledWith(null, "cup");
  });
});
