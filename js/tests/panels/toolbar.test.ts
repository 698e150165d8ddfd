import { describe, expect, it } from "vitest";
import { EMPTY_DOCUMENT } from "../../src/state/document";
import { mount, press, settled, type } from "../support/mounted";
import { IMAGE } from "../support/scene";

describe("toolbar", () => {
  it("undoes only what can be undone, and keeps the focus at the end of the stack", async () => {
    const { store, actions, get } = mount();
    await settled();
    get("toolbar-undo").click();
    expect(actions.undo).not.toHaveBeenCalled();
    store.document.value = { ...EMPTY_DOCUMENT, can_undo: true };
    await settled();
    get("toolbar-undo").focus();
    get("toolbar-undo").click();
    expect(actions.undo).toHaveBeenCalledOnce();
    store.document.value = EMPTY_DOCUMENT;
    await settled();
    expect(get("toolbar-undo").getAttribute("aria-disabled")).toBe("true");
    expect(document.activeElement).toBe(get("toolbar-undo"));
  });

  it("switches tools, outline, previews and opacity", async () => {
    const { store, get } = mount();
    await settled();
    get("tool-box").click();
    get("outline").click();
    get("hover-toggle").click();
    type(get<HTMLInputElement>("opacity"), "80");
    await settled();
    expect(store.tool.value).toBe("box");
    expect(store.outline.value).toBe(false);
    expect(store.previewChoice.value).toBe("off");
    expect(store.opacity.value).toBeCloseTo(0.8);
    expect(get("tool-box").getAttribute("aria-pressed")).toBe("true");
    expect(get("tool-box").title).toMatch(/\(B\)$/u);
  });

  it("offers no tool for a prompt that the model does not take", async () => {
    const { store, all } = mount();
    await settled();
    expect(all("tool-box")).toHaveLength(1);
    store.model.value = { ...store.model.value, accepts: ["points"] };
    await settled();
    expect(all("tool-box")).toHaveLength(0);
    expect(all("tool-point")).toHaveLength(1);
  });

  it("zooms in and back", async () => {
    const { store, get } = mount((fresh) => {
      fresh.image.value = IMAGE;
    });
    await settled();
    store.stageSize.value = { width: 400, height: 200 };
    await settled();
    get("zoom-in").click();
    expect(store.view.value.zoom).toBe(1.5);
    await settled();
    // The picture of 200 x 100 fills the stage at twice its size.
    expect(get("zoom-fit").textContent).toBe("300\u202f%");
    get("zoom-fit").click();
    await settled();
    expect(get("zoom-fit").textContent).toBe("fit");
    store.stageSize.value = { width: 200, height: 300 };
    await settled();
    expect(get("zoom-fit").textContent).toBe("100\u202f%");
    expect(store.view.value.zoom).toBe(1);
  });

  it("moves the focus along by arrow keys", async () => {
    const { get } = mount();
    await settled();
    get("tool-point").focus();
    press(get("tool-point"), "ArrowRight");
    expect(document.activeElement).toBe(get("tool-box"));
    press(get("tool-box"), "ArrowLeft");
    press(get("tool-point"), "ArrowLeft");
    expect(document.activeElement).toBe(get("help-open"));
  });
});
