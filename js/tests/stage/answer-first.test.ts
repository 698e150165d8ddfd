import { signal } from "@preact/signals";
import { h, render } from "preact";
import { describe, expect, it, vi } from "vitest";
import { holdPanels, holdPanelsAwhile } from "../../src/stage/answer-first";

/** A panel that follows a signal. */
function mountPanel() {
  const root = document.createElement("div");
  const text = signal("before");
  const Panel = () => h("p", null, text.value);
  render(h(Panel, null), root);
  return { root, text };
}

const soon = () => new Promise((resolve) => setTimeout(resolve));

describe("panels", () => {
  it("are drawn as soon as something changes", async () => {
    const { root, text } = mountPanel();
    text.value = "after";
    await Promise.resolve();
    await Promise.resolve();
    expect(root.textContent).toBe("after");
  });

  it("wait while an answer is on its way to the screen, and follow it", async () => {
    const { root, text } = mountPanel();
    const first = holdPanels();
    const second = holdPanels();
    text.value = "after";
    await soon();
    expect(root.textContent).toBe("before");
    first();
    first();
    await soon();
    expect(root.textContent).toBe("before");
    second();
    await vi.waitFor(() => expect(root.textContent).toBe("after"));
  });

  it("wait for an answer that is to come, but not for a late one", async () => {
    const { root, text } = mountPanel();
    const release = holdPanelsAwhile();
    text.value = "after";
    await soon();
    expect(root.textContent).toBe("before");
    release();
    await vi.waitFor(() => expect(root.textContent).toBe("after"));
    const late = holdPanelsAwhile();
    text.value = "later";
    await soon();
    expect(root.textContent).toBe("after");
    await vi.waitFor(() => expect(root.textContent).toBe("later"));
    late();
  });

  it("do not wait on a page that has no frames", async () => {
    const { root, text } = mountPanel();
    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    const release = holdPanels();
    text.value = "after";
    await soon();
    expect(root.textContent).toBe("after");
    release();
    hidden.mockRestore();
  });
});
