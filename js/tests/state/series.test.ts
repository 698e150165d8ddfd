import { describe, expect, it } from "vitest";
import { finish } from "../../src/commands/series";
import type { SeriesState } from "../../src/protocol";
import { isFinished, listed, statusOf, summary } from "../../src/state/series";
import { createScene } from "../support/scene";

const SERIES: SeriesState = { length: 4, index: 1, name: "b.png", statuses: "dtse", note: "" };

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

describe("what the strip shows", () => {
  it("follows statuses, or what is known to be empty", () => {
    expect(listed("tdse", "all", null)).toBeNull();
    expect(listed("tdse", "todo", null)).toEqual([0, 3]);
    expect(listed("tdse", "done", null)).toEqual([1]);
    expect(listed("tdse", "empty", null)).toBeNull();
    expect(listed("tdse", "empty", "0110")).toEqual([1, 2]);
  });

  it("is finished when nothing is to do", () => {
    expect(["", "dds", "dte", "dde"].map(isFinished)).toEqual([true, true, false, false]);
  });
});
