import { describe, expect, it } from "vitest";
import { EMPTY_DOCUMENT } from "../../src/state/document";
import { mount, press, settled } from "../support/mounted";
import { annotation } from "../support/values";

describe("labels", () => {
  it("accept if the person or Python wants them to", async () => {
    const { store, get } = mount((fresh) => {
      fresh.labels.value = ["cat"];
      fresh.acceptOnLabelWish.value = true;
    });
    await settled();
    const pressed = () => get("accept-on-label").getAttribute("aria-pressed");
    expect(pressed()).toBe("true");
    get("accept-on-label").click();
    await settled();
    expect([pressed(), store.acceptOnLabel.value]).toEqual(["false", false]);
  });

  function withLabels() {
    return mount((fresh) => {
      fresh.labels.value = ["cat", "dog"];
      fresh.labelColors.value = { cat: "#ff0000", dog: "#00ff00" };
      fresh.confirmedAnnotations.value = [
        annotation("a", { label: "cat" }),
        annotation("b", { label: "cat" }),
      ];
    });
  }

  it("have a colour and a count; one without objects can be removed", async () => {
    const { actions, get, all } = withLabels();
    await settled();
    expect(get<HTMLInputElement>("label-color").value).toBe("#ff0000");
    expect(all("label-count").map(({ textContent }) => textContent)).toEqual(["2"]);
    get("label-remove").click();
    expect(actions.removeLabel).toHaveBeenCalledExactlyOnceWith("dog");
  });

  it("are added, renamed and recoloured", async () => {
    const { actions, store, get } = withLabels();
    await settled();
    get("label-add").click();
    await settled();
    get<HTMLInputElement>("label-new").value = " bird ";
    press(get("label-new"), "Enter");
    expect(actions.addLabel).toHaveBeenCalledExactlyOnceWith("bird");
    store.label.value = "cat";
    press(get("label-chip"), "F2");
    await settled();
    get<HTMLInputElement>("label-rename").value = "tom";
    press(get("label-rename"), "Enter");
    expect(actions.renameLabel).toHaveBeenCalledExactlyOnceWith("cat", "tom");
    expect(store.label.value).toBe("tom");
    const color = get<HTMLInputElement>("label-color");
    color.value = "#0000ff";
    color.dispatchEvent(new Event("change", { bubbles: true }));
    expect(actions.recolorLabel).toHaveBeenCalledExactlyOnceWith("cat", "#0000ff");
  });

  it("are given to the selected objects, unless a mask is being made", async () => {
    const { actions, store, all } = withLabels();
    store.selectedIds.value = new Set(["a", "b"]);
    await settled();
    all("label-chip")[1]?.click();
    expect(actions.updateAnnotations).toHaveBeenCalledExactlyOnceWith(["a", "b"], { label: "dog" });
    expect(store.label.value).toBe("");
    const prompts = { ...EMPTY_DOCUMENT.prompts, has_mask: true };
    store.document.value = { ...EMPTY_DOCUMENT, prompts };
    all("label-chip")[1]?.click();
    expect(store.label.value).toBe("dog");
  });
});
