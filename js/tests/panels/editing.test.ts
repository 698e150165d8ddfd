// Hand editing on the page: tools, keys, the panel. What it does to masks is Python's to test.

import { afterEach, describe, expect, it, vi } from "vitest";
import type { WireIslands } from "../../src/protocol";
import { mount, settled } from "../support/mounted";
import { IMAGE } from "../support/scene";
import { annotation, answer, selectAnnotations } from "../support/values";

const POINT = { points: [{ x: 50, y: 25, positive: true }] };

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

describe("the panel", () => {
  const PARTS: WireIslands = {
    island_count: 3,
    islands: [12, 40, 310],
    hole_count: 1,
    holes: [7],
  };

  async function panel(...selected: string[]) {
    const mounted = mount((store) => {
      store.image.value = IMAGE;
      store.kernelStatus.value = "ready";
      store.document.value = {
        ...store.document.value,
        prompts: { ...POINT, box: null, has_mask: false },
      };
      store.answer.value = answer(3, 1);
      if (selected.length > 0) selectAnnotations(store, ...selected);
    });
    vi.mocked(mounted.actions.islands).mockResolvedValue(PARTS);
    await settled();
    return mounted;
  }

  it("asks for islands only once it is open", async () => {
    const { get, actions, all } = await panel();
    expect(actions.islands).not.toHaveBeenCalled();
    expect(all("islands")).toEqual([]);
    get("editing-open").click();
    await settled();
    expect(actions.islands).toHaveBeenCalledExactlyOnceWith(null);
    await vi.waitFor(() =>
      expect(get("islands").textContent).toContain("3 islands: 12, 40, 310\u202fpx"),
    );
    expect(get("holes").textContent).toContain("1 hole: 7\u202fpx");
  });

  it("opens with an editing tool", async () => {
    const { get, store } = await panel();
    store.tool.value = "brush";
    await settled();
    expect(get("editing-open").getAttribute("aria-expanded")).toBe("true");
    expect(get("brush-radius").getAttribute("aria-valuetext")).toBe("3 pixels");
    store.tool.value = "polygon";
    await settled();
    get("polygon-subtract").click();
    expect(store.subtracting.value).toBe(true);
  });

  it("offers to drop all but the largest island, or what is typed", async () => {
    const { get, actions, store } = await panel("a");
    store.editingOpen.value = true;
    await vi.waitFor(() => expect(get("islands").dataset.count).toBe("3"));
    expect(get<HTMLInputElement>("island-area").value).toBe("41");
    get("drop-islands").click();
    expect(actions.dropIslands).toHaveBeenLastCalledWith(41, "a");
    const input = get<HTMLInputElement>("island-area");
    input.value = "20";
    input.dispatchEvent(new InputEvent("input", { bubbles: true }));
    await settled();
    get("drop-islands").click();
    expect(actions.dropIslands).toHaveBeenLastCalledWith(20, "a");
    get("fill-holes").click();
    expect(actions.fillHoles).toHaveBeenCalledExactlyOnceWith(null, "a");
    input.focus();
    input.value = "";
    input.dispatchEvent(new InputEvent("input", { bubbles: true }));
    await settled();
    expect(input.value).toBe("");
    input.blur();
    expect(input.value).toBe("41");
  });

  it("asks again when the mask is another one, and not before it is confirmed", async () => {
    const { actions, store } = await panel("a");
    store.editingOpen.value = true;
    await settled();
    expect(actions.islands).toHaveBeenCalledTimes(1);
    store.pending.value = [{ type: "undo" }];
    await settled();
    expect(actions.islands).toHaveBeenCalledTimes(1);
    store.confirmedAnnotations.value = [annotation("a", { rle: new DataView(new ArrayBuffer(1)) })];
    store.pending.value = [];
    await settled();
    expect(actions.islands).toHaveBeenCalledTimes(2);
  });

  it("smooths, splits and merges what it says", async () => {
    const { get, actions, store } = await panel();
    store.editingOpen.value = true;
    await settled();
    get("edit-smooth").click();
    expect(actions.smooth).toHaveBeenCalledExactlyOnceWith(2, null);
    get("edit-split").click();
    expect(actions.split).not.toHaveBeenCalled();
    selectAnnotations(store, "b");
    await settled();
    expect(get("edit-target").dataset.id).toBe("b");
    get("edit-split").click();
    expect(actions.split).toHaveBeenCalledExactlyOnceWith("b", null);
    get("edit-merge").click();
    expect(actions.merge).not.toHaveBeenCalled();
    selectAnnotations(store, "a", "b");
    await settled();
    get("edit-merge").click();
    expect(actions.merge).toHaveBeenCalledExactlyOnceWith(["a", "b"], null);
    get("edit-target-off").click();
    expect(store.selectedIds.value.size).toBe(0);
  });
});
