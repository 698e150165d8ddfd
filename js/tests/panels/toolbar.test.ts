import { describe, expect, it } from "vitest";
import { EMPTY_DOCUMENT } from "../../src/state/document";
import { mount, prediction, press, settled, type } from "../support/mounted";
import { IMAGE } from "../support/scene";

function withThree() {
  return mount((store) => {
    store.image.value = IMAGE;
    store.prediction.value = prediction(3, 1);
  });
}

describe("the root", () => {
  it("says what it is in", async () => {
    const { root, store } = mount();
    store.kernelStatus.value = "ready";
    // The renderer says when it has painted this.
    store.prediction.value = prediction(0, 0, 4);
    store.paintedPreview.value = 2;
    store.connection.value = "busy";
    store.tool.value = "pan";
    await settled();
    expect({ ...root.dataset }).toMatchObject({
      status: "ready",
      revision: "4",
      previewRevision: "2",
      connection: "busy",
      tool: "pan",
      lmSuppressShortcuts: "true",
    });
  });

  it("is empty after the abort", async () => {
    const { root, store, unmount } = withThree();
    await settled();
    unmount();
    expect(root.childElementCount).toBe(0);
    store.tool.value = "box";
    expect(root.dataset.tool).toBe("point");
  });
});

describe("candidates", () => {
  it("shows one button per mask and nothing else under such a test id", async () => {
    const { root, store, get } = withThree();
    await settled();
    const ids = [...root.querySelectorAll<HTMLElement>('[data-testid^="candidate-"]')].map(
      (element) => element.dataset.testid,
    );
    expect(ids).toEqual(["candidate-0", "candidate-1", "candidate-2"]);
    expect(get("candidate-1").getAttribute("aria-pressed")).toBe("true");
    expect(get("candidate-1").getAttribute("aria-label")).toBe(
      "Part, mask 2 of 3: predicted IoU 0.95, stability 0.97, area 2.0k\u202fpx, 10\u202f% of the picture",
    );
    store.prediction.value = prediction(1, 0, 2);
    await settled();
    expect(root.querySelectorAll('[data-testid^="candidate-"]')).toHaveLength(1);
    store.prediction.value = prediction(0, 0, 3);
    await settled();
    expect(get("masks-placeholder").textContent).toContain("Click an object");
  });

  it("chooses another one, and not the chosen one again", async () => {
    const { actions, get } = withThree();
    await settled();
    get("candidate-1").click();
    expect(actions.choose).not.toHaveBeenCalled();
    get("candidate-2").click();
    expect(actions.choose).toHaveBeenCalledExactlyOnceWith(2);
  });

  it("announces each answer", async () => {
    const { store, get } = withThree();
    await settled();
    expect(get("announcer").textContent).toBe(
      "3 masks, best predicted IoU 0.95. Mask 2 of 3 selected, the part, predicted IoU 0.95.",
    );
    store.prediction.value = prediction(1, 0, 2);
    await settled();
    expect(get("announcer").textContent).toBe("1 mask, best predicted IoU 0.83.");
  });

  it("asks for three masks, one, or as many as suit", async () => {
    const { actions, get } = withThree();
    await settled();
    for (const value of ["true", "false", "null"]) {
      const select = get<HTMLSelectElement>("mask-count");
      select.value = value;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    }
    const asked = [[true], [false], [null]];
    expect(actions.setMultimask).toHaveBeenCalledTimes(asked.length);
    for (const value of asked) expect(actions.setMultimask).toHaveBeenCalledWith(...value);
  });
});

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
    expect(get("zoom").textContent).toBe("150 %");
    get("zoom-fit").click();
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

describe("accept", () => {
  it("waits for a mask", async () => {
    const { store, actions, get } = mount();
    await settled();
    get("accept").click();
    expect(actions.accept).not.toHaveBeenCalled();
    store.prediction.value = prediction(1);
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
    expect(store.label.value).toBe("");
    store.labels.value = Array.from({ length: 20 }, (_, index) => `label ${index}`);
    await settled();
    expect(all("label-chip")).toHaveLength(20);
    const list = get("label-input").getAttribute("list") ?? "";
    expect(root.querySelector(`[id="${list}"]`)?.children).toHaveLength(20);
  });
});

describe("prompts", () => {
  it("lists and removes each one", async () => {
    const { actions, store, get } = mount((fresh) => {
      const points = [
        { x: 10.4, y: 20, positive: true },
        { x: 3, y: 4, positive: false },
      ];
      const box = { x0: 1, y0: 2, x1: 11, y1: 32 };
      fresh.document.value = { ...EMPTY_DOCUMENT, prompts: { points, box, has_mask: true } };
    });
    await settled();
    expect(get("prompt-point-0").textContent).toBe("10, 20");
    expect(get("prompt-point-1").dataset.kind).toBe("exclude");
    expect(get("prompt-box").textContent).toBe("10 × 30");
    get("prompt-point-1-remove").click();
    get("prompt-box-remove").click();
    get("prompt-mask-remove").click();
    expect(actions.removePoint).toHaveBeenCalledExactlyOnceWith(1);
    expect(actions.removeBox).toHaveBeenCalledOnce();
    expect(actions.removeMask).toHaveBeenCalledOnce();
    get("prompt-point-1").querySelector("button")?.click();
    expect(store.activePrompt.value).toEqual({ kind: "point", index: 1 });
  });
});

describe("help", () => {
  it("opens, lists every shown shortcut, and closes", async () => {
    const { store, get } = mount();
    await settled();
    get("help-open").click();
    await settled();
    expect(get<HTMLDialogElement>("help").open).toBe(true);
    expect(get("help").textContent).toContain("Right-click");
    get("help-close").click();
    await settled();
    expect(get<HTMLDialogElement>("help").open).toBe(false);
    expect(store.helpOpen.value).toBe(false);
  });

  it("keeps keys to itself: Tab stays, C clears nothing, Escape and ? close", async () => {
    const { store, actions, get } = mount();
    for (const key of ["Escape", "?"]) {
      store.helpOpen.value = true;
      await settled();
      press(get("help-close"), "Tab");
      expect(document.activeElement).toBe(get("help-close"));
      press(get("help-close"), "c");
      press(get("help-close"), key);
      expect(store.helpOpen.value).toBe(false);
      await settled();
    }
    expect(actions.clear).not.toHaveBeenCalled();
  });
});
