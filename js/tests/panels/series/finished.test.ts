import { describe, expect, it, vi } from "vitest";
import type { SeriesState, SeriesSummary } from "../../../src/protocol";
import { type Mounted, mount, settled } from "../../support/mounted";

const SERIES: SeriesState = { length: 4, index: 1, name: "b.png", statuses: "dtsd", note: "" };
const MADE: SeriesSummary = {
  objects: 20,
  labels: [
    ["", 1],
    ["cup", 14],
    ["saucer", 5],
  ],
  label_count: 3,
  empty: "0010",
};

function withSeries(changes: Partial<SeriesState> = {}): Mounted {
  const page = mount((store) => {
    store.series.value = { ...SERIES, ...changes };
    store.layout.stripChoice.value = true;
  });
  vi.mocked(page.actions.summary).mockResolvedValue(MADE);
  const written = { path: "/photos/annotations.coco.json", images: 4, objects: 20, note: "" };
  vi.mocked(page.actions.export).mockResolvedValue(written);
  return page;
}

describe("a finished series", () => {
  it("says so only when every image is done or skipped", async () => {
    const page = withSeries();
    await settled();
    expect(page.all("series-finished")).toHaveLength(0);
    expect(page.actions.summary).not.toHaveBeenCalled();
    page.store.series.value = { ...SERIES, statuses: "desd" };
    await settled();
    expect(page.all("series-finished")).toHaveLength(0);
    page.store.series.value = { ...SERIES, statuses: "ddsd" };
    await settled();
    expect(page.get("series-finished").textContent).toContain("Finished");
    expect(page.get("series-summary").textContent).toBe("3 done, 1 skipped");
  });

  it("counts objects by label, most first, and again when one goes elsewhere", async () => {
    const page = withSeries({ statuses: "ddds" });
    await settled();
    await settled();
    const words = page.get("finished-objects").textContent;
    expect(words).toBe("20 objects, 14 cup, 5 saucer, 1 without a label");
    const asked = vi.mocked(page.actions.summary).mock.calls.length;
    page.store.series.value = { ...SERIES, index: 2, statuses: "ddds" };
    await settled();
    expect(vi.mocked(page.actions.summary).mock.calls.length).toBeGreaterThan(asked);
  });

  it("leads to the export of all images", async () => {
    const page = withSeries({ statuses: "dddd" });
    await settled();
    page.get("finished-export").click();
    await settled();
    expect(page.get("export-scope-series").getAttribute("aria-checked")).toBe("true");
    page.get("export-coco").click();
    expect(page.actions.export).toHaveBeenCalledExactlyOnceWith("coco", "series");
  });
});

describe("the strip", () => {
  const shown = (page: Mounted) => page.all("series-picture").map(({ dataset }) => dataset.at);

  it("is filtered by to do, done and empty", async () => {
    const page = withSeries();
    await settled();
    expect(shown(page)).toEqual(["0", "1", "2", "3"]);
    page.get("strip-done").click();
    await settled();
    expect(shown(page)).toEqual(["0", "3"]);
    page.get("strip-todo").click();
    await settled();
    expect(shown(page)).toEqual(["1"]);
    expect(page.get("strip-todo").getAttribute("aria-pressed")).toBe("true");
    page.get("strip-empty").click();
    await settled();
    await settled();
    expect(page.actions.summary).toHaveBeenCalled();
    expect(shown(page)).toEqual(["2"]);
    page.get("strip-all").click();
    await settled();
    expect(shown(page)).toHaveLength(4);
  });

  it("goes by keys through what it shows", async () => {
    const page = withSeries({ index: 0 });
    await settled();
    page.get("strip-done").click();
    await settled();
    page
      .get("series-strip")
      .dispatchEvent(
        new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, cancelable: true }),
      );
    expect(page.actions.goTo).toHaveBeenCalledExactlyOnceWith(3);
  });

  it("says that there is none", async () => {
    const page = withSeries({ statuses: "tttt" });
    await settled();
    page.get("strip-done").click();
    await settled();
    expect(shown(page)).toEqual([]);
    expect(page.get("strip-none").textContent).toBe("No such image.");
    page
      .get("series-strip")
      .dispatchEvent(new KeyboardEvent("keydown", { key: "End", bubbles: true, cancelable: true }));
    expect(page.actions.goTo).not.toHaveBeenCalled();
  });
});
