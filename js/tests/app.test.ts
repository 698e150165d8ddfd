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
