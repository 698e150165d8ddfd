import { describe, expect, it } from "vitest";
import { mount, settled } from "./support/mounted";
import { IMAGE } from "./support/scene";
import { answer } from "./support/values";

function withThree() {
  return mount((store) => {
    store.image.value = IMAGE;
    store.answer.value = answer(3, 1);
  });
}

describe("the root", () => {
  it("says what it is in", async () => {
    const { root, store } = mount();
    store.kernelStatus.value = "ready";
    // The renderer says when it has painted this.
    store.answer.value = answer(0, 0, 4);
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

describe("a page without a kernel", () => {
  const saved = () =>
    mount((store) => {
      store.image.value = IMAGE;
      store.answer.value = answer(3, 1);
      store.kernelStatus.value = "predicting";
      store.connection.value = "absent";
    });

  it("says so once, in words, and does not pretend to be busy or ready", async () => {
    const { root } = saved();
    await settled();
    expect(root.textContent?.match(/no kernel answers/gi)).toHaveLength(1);
    expect(root.textContent).not.toMatch(/ready|predicting|busy/i);
  });

  it("is a picture: no control, nothing to focus", async () => {
    const { root, get, all } = saved();
    await settled();
    expect(get("stage").closest("[inert]")).not.toBeNull();
    const controls = [...root.querySelectorAll("button, input, select, [tabindex]")];
    expect(controls.filter((control) => !control.closest("[inert], dialog"))).toEqual([]);
    expect(all("accept")).toEqual([]);
  });

  it("has its controls when a kernel answers again, and the same stage", async () => {
    const { store, get, all } = saved();
    await settled();
    const stage = get("stage");
    store.connection.value = "live";
    await settled();
    expect(get("stage")).toBe(stage);
    expect(stage.closest("[inert]")).toBeNull();
    expect(all("accept")).toHaveLength(1);
    expect(all("picture-note")).toEqual([]);
  });
});
