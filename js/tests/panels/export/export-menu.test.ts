import { beforeEach, describe, expect, it, vi } from "vitest";
import type { SeriesState } from "../../../src/protocol";
import { RequestFailed } from "../../../src/wire/request-failed";
import { type Mounted, mount, press, settled } from "../../support/mounted";

const SERIES: SeriesState = { length: 4, index: 1, name: "b.png", statuses: "dtse", note: "" };
const WRITTEN = { path: "/photos/b.coco.json", images: 1, objects: 3, note: "" };

function answering(page: Mounted, answer: () => Promise<unknown>): void {
  vi.mocked(page.actions.export).mockImplementation(answer as never);
}

async function open(page: Mounted): Promise<void> {
  await settled();
  page.get("export-open").click();
  await settled();
}

describe("the export menu", () => {
  let page: Mounted;
  beforeEach(() => {
    page = mount();
    answering(page, () => Promise.resolve(WRITTEN));
  });

  it("offers every format, and says what and never where", async () => {
    await open(page);
    const names = page.all("export-menu")[0]?.querySelectorAll("[role=menuitem]");
    expect(names).toHaveLength(6);
    expect(page.all("export-scope-series")).toHaveLength(0);
    page.get("export-labelme").click();
    expect(page.actions.export).toHaveBeenCalledExactlyOnceWith("labelme", "image");
    await settled();
    expect(page.all("export-menu")).toHaveLength(0);
  });

  it("is a menu button: arrows, letters, Escape, and focus that goes back", async () => {
    await open(page);
    const button = page.get("export-open");
    expect(button.getAttribute("aria-haspopup")).toBe("menu");
    expect(button.getAttribute("aria-expanded")).toBe("true");
    const focused = () => (document.activeElement as HTMLElement).dataset.testid;
    expect(focused()).toBe("export-coco");
    const go = (key: string) => press(document.activeElement as HTMLElement, key);
    go("ArrowDown");
    expect(focused()).toBe("export-labelme");
    go("End");
    expect(focused()).toBe("export-csv");
    go("ArrowDown");
    expect(focused()).toBe("export-coco");
    go("ArrowUp");
    expect(focused()).toBe("export-csv");
    go("y");
    expect(focused()).toBe("export-yolo");
    expect(page.store.everything.open.value).toBe(false);
    go("a"); // a shortcut elsewhere
    expect(page.store.everything.open.value).toBe(false);
    go("Escape");
    await settled();
    expect(page.all("export-menu")).toHaveLength(0);
    expect(document.activeElement).toBe(button);
  });

  it("closes when one presses elsewhere, or tabs on", async () => {
    await open(page);
    page.get("export-coco").dispatchEvent(new Event("pointerdown", { bubbles: true }));
    await settled();
    expect(page.all("export-menu")).toHaveLength(1);
    page.get("stage").dispatchEvent(new Event("pointerdown", { bubbles: true }));
    await settled();
    expect(page.all("export-menu")).toHaveLength(0);
    await open(page);
    page.get("stage").focus();
    await settled();
    expect(page.all("export-menu")).toHaveLength(0);
  });

  it("leaves the host's keys to the host", async () => {
    await open(page);
    const save = press(page.get("export-coco"), "s", { ctrlKey: true });
    expect(save.defaultPrevented).toBe(false);
  });

  it("is about the image or the whole series, as one chooses", async () => {
    page.store.series.value = SERIES;
    await open(page);
    const all = page.get("export-scope-series");
    expect(all.textContent).toBe("All 4 images: COCO as one file");
    expect(all.getAttribute("aria-checked")).toBe("false");
    all.click();
    await settled();
    expect(all.getAttribute("aria-checked")).toBe("true");
    page.get("export-coco").click();
    expect(page.actions.export).toHaveBeenCalledExactlyOnceWith("coco", "series");
  });

  it("writes one file at a time", async () => {
    let finish = (_: unknown): void => undefined;
    answering(
      page,
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    await open(page);
    page.get("export-coco").click();
    await settled();
    expect(page.get("export-open").title).toBe("Exporting…");
    page.get("export-open").click();
    await settled();
    expect(page.all("export-menu")).toHaveLength(0);
    finish(WRITTEN);
    await settled();
    expect(page.get("export-open").getAttribute("aria-disabled")).toBe("false");
  });
});

describe("what came of an export", () => {
  it("is the path, with a button that copies it", async () => {
    const page = mount();
    const note = "b.coco.json was not exported here, and was left as it is.";
    answering(page, () => Promise.resolve({ ...WRITTEN, note }));
    const writeText = vi.fn(() => Promise.resolve());
    vi.stubGlobal("navigator", { ...navigator, clipboard: { writeText } });
    await open(page);
    page.get("export-coco").click();
    await settled();
    const card = page.get("export-result");
    expect(card.getAttribute("role")).toBe("status");
    expect(card.textContent).toContain("3 objects of 1 image written to");
    expect(page.get("export-path").textContent).toBe(WRITTEN.path);
    expect(page.get("export-note").textContent).toBe(note);
    page.get("export-copy").click();
    await settled();
    expect(writeText).toHaveBeenCalledExactlyOnceWith(WRITTEN.path);
    expect(page.get("export-copy").textContent).toBe("Copied");
    press(page.get("stage"), "Escape");
    await settled();
    expect(page.all("export-result")).toHaveLength(0);
  });

  it("is selected where the browser gives no clipboard", async () => {
    const page = mount();
    answering(page, () => Promise.resolve(WRITTEN));
    vi.stubGlobal("navigator", { ...navigator, clipboard: undefined });
    await open(page);
    page.get("export-coco").click();
    await settled();
    page.get("export-copy").click();
    await settled();
    expect(getSelection()?.toString()).toBe(WRITTEN.path);
    expect(page.get("export-copy").textContent).toBe("Copy");
  });

  it("is an alert where nothing was written, and one may try again", async () => {
    const page = mount();
    const failed = new RequestFailed({
      type: "error",
      to: "a",
      code: "export",
      message: "No space left on device.",
      hint: "Nothing is lost.",
    });
    answering(page, () => Promise.reject(failed));
    await open(page);
    page.get("export-csv").click();
    await settled();
    const card = page.get("export-result");
    expect(card.getAttribute("role")).toBe("alert");
    expect(card.textContent).toContain("No space left on device.");
    expect(card.textContent).toContain("Nothing is lost.");
    page.get("export-dismiss").click();
    await settled();
    expect(page.all("export-result")).toHaveLength(0);
    await open(page);
    expect(page.all("export-menu")).toHaveLength(1);
  });
});
