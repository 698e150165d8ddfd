import { describe, expect, it, vi } from "vitest";
import { finish } from "../../src/commands/series";
import { SeriesThumbnails } from "../../src/panels/series-thumbnails";
import type { SeriesState } from "../../src/protocol";
import { statusOf, summary } from "../../src/state/series";
import { mount, press, settled } from "../support/mounted";
import { createScene } from "../support/scene";

const SERIES: SeriesState = { length: 4, index: 1, name: "b.png", statuses: "dtse", note: "" };

function withSeries(changes: Partial<SeriesState> = {}) {
  return mount((store) => {
    store.series.value = { ...SERIES, ...changes };
  });
}

describe("statuses", () => {
  it("are one letter each", () => {
    const words = [0, 1, 2, 3, 4].map((index) => statusOf("dtse", index));
    expect(words).toEqual(["done", "todo", "skipped", "unreadable", "todo"]);
    expect(summary("dtseetd")).toBe("2 done, 1 skipped, 4 to do");
    expect(summary("dd")).toBe("2 done");
  });

  it("are set with a step to the next image, and taken back without", () => {
    const { store, actions, calls } = createScene();
    store.series.value = SERIES;
    finish({ store, actions }, "done");
    store.series.value = { ...SERIES, statuses: "ddse" };
    finish({ store, actions }, "done");
    store.series.value = { ...SERIES, index: 3 };
    finish({ store, actions }, "skipped");
    store.opening.value = 0;
    finish({ store, actions }, "done");
    expect(calls).toEqual([
      ["mark", 1, "done"],
      ["goTo", 2],
      ["mark", 1, "todo"],
      ["mark", 3, "skipped"],
    ]);
  });
});

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

describe("thumbnails", () => {
  function shelf() {
    vi.stubGlobal("createImageBitmap", () => Promise.resolve({ close: vi.fn() }));
    const asked: { index: number; answer: () => void; fail: () => void }[] = [];
    const made = new SeriesThumbnails(
      (index) =>
        new Promise((resolve, reject) => {
          const answer = () => resolve({ picture: new Blob(), name: `${index}.png` });
          asked.push({ index, answer, fail: () => reject(new Error("unreadable")) });
        }),
    );
    return { made, asked };
  }

  it("are fetched a few at a time, the nearest first, and only while wanted", async () => {
    const { made, asked } = shelf();
    made.want([5, 6, 4, 7, 3]);
    expect(asked.map(({ index }) => index)).toEqual([5, 6, 4]);
    made.want([50, 51]);
    asked[0]?.answer();
    await vi.waitFor(() => expect(asked.map(({ index }) => index)).toEqual([5, 6, 4, 50]));
    expect(made.find(5)?.name).toBe("5.png");
    expect(made.arrived.value).toBe(1);
  });

  it("that fail are not asked for again, unless the image may have been mended", async () => {
    const { made, asked } = shelf();
    made.want([1]);
    asked[0]?.fail();
    await vi.waitFor(() => expect(made.find(1)?.picture).toBeNull());
    made.want([1]);
    expect(asked).toHaveLength(1);
    made.forgetFailures();
    made.want([1]);
    expect(asked).toHaveLength(2);
  });
});
