import { describe, expect, it, vi } from "vitest";
import type { SeriesState } from "../../../src/protocol";
import { mount, press, settled } from "../../support/mounted";

const SERIES: SeriesState = { length: 4, index: 1, name: "b.png", statuses: "dtse", note: "" };

function withSeries(changes: Partial<SeriesState> = {}) {
  return mount((store) => {
    store.series.value = { ...SERIES, ...changes };
    store.layout.stripChoice.value = true;
  });
}

describe("the strip", () => {
  it("is there for a series only", async () => {
    const { store, all } = mount();
    await settled();
    expect(all("series")).toHaveLength(0);
    store.series.value = SERIES;
    await settled();
    expect(all("series")).toHaveLength(1);
  });

  it("shows place, name and statuses, and says why they are not kept", async () => {
    const { get, all } = withSeries({ note: "The folder is read-only." });
    await settled();
    expect(get("series-place").textContent).toBe("2 / 4");
    expect(get("series-name").textContent).toBe("b.png");
    expect(get("series-summary").textContent).toBe("1 done, 1 skipped, 2 to do");
    expect(get("series-summary").title).toBe("The folder is read-only.");
    const statuses = all("series-picture").map(({ dataset }) => dataset.status);
    expect(statuses).toEqual(["done", "todo", "skipped", "unreadable"]);
  });

  it("folds", async () => {
    const { store, get, all } = withSeries();
    await settled();
    expect(get("series-fold").getAttribute("aria-expanded")).toBe("true");
    get("series-fold").click();
    await settled();
    expect(all("series-strip")).toHaveLength(0);
    expect(get("series-place").textContent).toBe("2 / 4");
    store.layout.room.value = 2000;
    await settled();
    expect(all("series-strip")).toHaveLength(0);
  });

  it("opens images by press, by button and by key", async () => {
    const { actions, get, all } = withSeries();
    await settled();
    all("series-picture")[3]?.click();
    get("series-next").click();
    get("series-previous").click();
    press(get("series-strip"), "End");
    press(get("stage"), "PageDown");
    expect(vi.mocked(actions.goTo).mock.calls).toEqual([[3], [2], [0], [3], [2]]);
    press(get("stage"), "D", { shiftKey: true });
    expect(actions.mark).toHaveBeenCalledExactlyOnceWith(1, "done");
  });

  it("leaves its keys to the browser where there is one image", async () => {
    const { actions, get } = mount();
    await settled();
    expect(press(get("stage"), "PageDown").defaultPrevented).toBe(false);
    expect(actions.goTo).not.toHaveBeenCalled();
  });

  it("says what is being opened", async () => {
    const { store, get } = withSeries();
    store.opening.value = 2;
    await settled();
    expect(get("opening").textContent).toBe("Opening image 3…");
    expect(get("series-place").textContent).toBe("3 / 4");
  });

  it("has only pictures in view in the page", async () => {
    const { all } = withSeries({ length: 5000, statuses: "t".repeat(5000), index: 0 });
    await settled();
    expect(all("series-picture").length).toBeLessThan(30);
  });
});
