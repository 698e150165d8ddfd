// The status line, and what is laid over the stage.

import { describe, expect, it } from "vitest";
import { mount, settled } from "../support/mounted";
import { IMAGE } from "../support/scene";
import { answer } from "../support/values";

describe("status and messages", () => {
  it("says what is going on", async () => {
    const { store, get } = mount((fresh) => {
      fresh.image.value = { ...IMAGE, note: "EXIF orientation 6 applied" };
      fresh.model.value = { name: "vit_b", device: "cpu", encode_ms: 1234, decode_ms: 8.25 };
      fresh.kernelStatus.value = "encoding";
    });
    await settled();
    const text = () => get("status-line").textContent;
    expect(text()).toContain("Encoding image…");
    expect(text()).toContain("vit_b · cpu");
    expect(text()).toContain("encode 1.2\u202fs");
    expect(text()).toContain("EXIF orientation 6 applied");
    expect(text()).toContain("200 × 100");
    store.connection.value = "lost";
    await settled();
    expect(get("connection").textContent).toContain("kernel lost");
    expect(get("problem").textContent).toContain("Run the cell again");
  });

  it("shows how much of the image is encoded", async () => {
    const { store, get, all } = mount((fresh) => {
      fresh.kernelStatus.value = "encoding";
      fresh.model.value = { ...fresh.model.value, encode_progress: null };
    });
    await settled();
    expect(all("encode-progress")).toHaveLength(0);
    store.model.value = { ...store.model.value, encode_progress: 0.424 };
    await settled();
    const bar = get("encode-progress");
    expect(bar.getAttribute("role")).toBe("progressbar");
    expect(bar.getAttribute("aria-valuenow")).toBe("42");
    expect(get("status-line").textContent).toContain("Encoding 42\u202f%");
    store.kernelStatus.value = "ready";
    await settled();
    expect(all("encode-progress")).toHaveLength(0);
  });

  it("says whether objects are on disk, and why not", async () => {
    const { store, get, all } = mount();
    await settled();
    expect(all("saved")).toHaveLength(0);
    const show = async (state: "saved" | "saving" | "unsaved", note = "") => {
      store.document.value = { ...store.document.value, journal: { state, note } };
      await settled();
      return [get("saved").textContent, get("saved").dataset.saved, get("saved").title];
    };
    expect(await show("saving")).toEqual(["saving…", "saving", expect.stringContaining("journal")]);
    expect((await show("saved"))[0]).toBe("saved");
    expect(await show("saved", "line 3 was damaged")).toEqual([
      "saved, journal mended",
      "saved",
      "line 3 was damaged",
    ]);
    expect(await show("unsaved", "disk full")).toEqual(["not saved", "unsaved", "disk full"]);
  });

  it("gives the picture back to who has read that nothing is saved, until there is news", async () => {
    const { store, get, all } = mount();
    const problem = { code: "journal", message: "The disk is full.", hint: "" };
    store.problem.value = problem;
    await settled();
    get("problem-dismiss").click();
    await settled();
    expect(all("problem")).toHaveLength(0);
    store.problem.value = { ...problem, message: "The disk reports an error." };
    await settled();
    expect(get("problem").textContent).toContain("reports an error");
    store.problem.value = { ...problem, code: "model" };
    await settled();
    expect(all("problem-dismiss")).toHaveLength(0);
  });

  it("switches previews off for a slow model, says so, and on again if one insists", async () => {
    const { store, get, all } = mount();
    await settled();
    expect(get("hover-toggle").getAttribute("aria-pressed")).toBe("true");
    store.model.value = { ...store.model.value, preview_ms: 640 };
    await settled();
    expect(store.previewing.value).toBe(false);
    expect(get("preview-off").textContent).toBe("previews off: slow model");
    expect(get("hover-toggle").getAttribute("aria-pressed")).toBe("false");
    expect(get("hover-toggle").title).toContain("slow model");
    get("hover-toggle").click();
    await settled();
    expect(store.previewing.value).toBe(true);
    expect(all("preview-off")).toHaveLength(0);
    get("hover-toggle").click();
    await settled();
    expect(store.previewChoice.value).toBe("off");
    // Who switched them off does not get them back because the model is fast.
    store.model.value = { ...store.model.value, preview_ms: 20 };
    await settled();
    expect(store.previewing.value).toBe(false);
  });

  it("says what to do first, on the picture, until something is done", async () => {
    const { root, store, get, all } = mount((fresh) => {
      fresh.kernelStatus.value = "ready";
    });
    await settled();
    expect(all("first-step")).toHaveLength(0);
    expect(root.textContent).toContain("No image yet");
    store.image.value = IMAGE;
    await settled();
    expect(get("first-step").textContent).toBe("Click an object, or drag a box around it");
    store.answer.value = answer(3, 1);
    await settled();
    expect(all("first-step")).toHaveLength(0);
  });

  it("alerts of a problem with its way out", async () => {
    const { get } = mount((store) => {
      store.problem.value = { code: "weights", message: "No weights.", hint: "Pass a file." };
    });
    await settled();
    expect(get("problem").getAttribute("role")).toBe("alert");
    expect(get("problem").textContent).toBe("No weights.Pass a file.");
  });

  it("drops a notice when dismissed, and when the next answer is in", async () => {
    const { store, get } = mount();
    const notice = { text: "Too late.", hint: "", kind: "error" } as const;
    store.notice.value = notice;
    await settled();
    get("notice-dismiss").click();
    expect(store.notice.value).toBeNull();
    store.notice.value = notice;
    store.answer.value = answer(1, 0, 7);
    expect(store.notice.value).toBeNull();
  });
});
