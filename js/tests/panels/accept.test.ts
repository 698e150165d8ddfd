import { describe, expect, it } from "vitest";
import { mount, press, settled, type } from "../support/mounted";
import { IMAGE } from "../support/scene";
import { answer } from "../support/values";

function withThree() {
  return mount((store) => {
    store.image.value = IMAGE;
    store.answer.value = answer(3, 1);
  });
}

describe("accept", () => {
  it("waits for a mask", async () => {
    const { store, actions, get } = mount();
    await settled();
    get("accept").click();
    expect(actions.accept).not.toHaveBeenCalled();
    store.answer.value = answer(1);
    await settled();
    get("accept").click();
    expect(actions.accept).toHaveBeenCalledExactlyOnceWith(null);
  });

  it("takes the label from the field, by button and by Enter", async () => {
    const { actions, get } = withThree();
    await settled();
    type(get<HTMLInputElement>("label-input"), "dog");
    get("accept").click();
    const enter = press(get("label-input"), "Enter");
    expect(enter.defaultPrevented).toBe(true);
    expect(actions.accept).toHaveBeenCalledTimes(2);
    expect(actions.accept).toHaveBeenLastCalledWith("dog");
  });

  it("offers every label, by button and while typing", async () => {
    const { root, store, get, all } = mount((fresh) => {
      fresh.labels.value = ["cat", "dog"];
    });
    await settled();
    all("label-chip")[1]?.click();
    expect(store.label.value).toBe("dog");
    all("label-chip")[1]?.click();
    expect(store.label.value).toBe("dog");
    type(get<HTMLInputElement>("label-input"), "");
    expect(store.label.value).toBe("");
    store.labels.value = Array.from({ length: 20 }, (_, index) => `label ${index}`);
    await settled();
    expect(all("label-chip")).toHaveLength(20);
    const list = get("label-input").getAttribute("list") ?? "";
    expect(root.querySelector(`[id="${list}"]`)?.children).toHaveLength(20);
  });
});
