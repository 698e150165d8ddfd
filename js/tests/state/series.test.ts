import { describe, expect, it } from "vitest";
import { finish, takeUpAgain } from "../../src/commands/series";
import type { SeriesState } from "../../src/protocol";
import { isFinished, listed, statusOf, summary } from "../../src/state/series";
import { createScene } from "../support/scene";
import { answer } from "../support/values";

const SERIES: SeriesState = { length: 4, index: 1, name: "b.png", statuses: "dtse", note: "" };

describe("statuses", () => {
  it("are one letter each", () => {
    const words = [0, 1, 2, 3, 4].map((index) => statusOf("dtse", index));
    expect(words).toEqual(["done", "todo", "skipped", "unreadable", "todo"]);
    expect(summary("dtseetd")).toBe("2 done, 1 skipped, 4 to do");
    expect(summary("dd")).toBe("2 done");
  });

  it("are set with a step to the next image, and stay when they are set again", () => {
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
      ["goTo", 2],
      ["mark", 3, "skipped"],
    ]);
  });

  it("are taken back by a choice of its own, which is said", () => {
    const { store, actions, calls } = createScene();
    store.series.value = SERIES;
    takeUpAgain({ store, actions });
    expect(calls).toEqual([]);
    store.series.value = { ...SERIES, index: 0 };
    takeUpAgain({ store, actions });
    expect(calls).toEqual([["mark", 0, "todo"]]);
    expect(store.notice.value?.text).toMatch(/to do again/);
  });

  it.each(["done", "skipped"] as const)("%s says first that a mask is not accepted", (status) => {
    const { store, actions, calls } = createScene();
    store.series.value = SERIES;
    store.answer.value = answer(1);
    finish({ store, actions }, status);
    expect(calls).toEqual([]);
    expect(store.notice.value?.text).toMatch(/not accepted/);
    expect(store.notice.value?.hint).toMatch(/Enter accepts/);
    store.notice.value = null; // whatever took its place: it has to be said again
    finish({ store, actions }, status);
    expect(calls).toEqual([]);
    finish({ store, actions }, status);
    expect(calls).toEqual([
      ["mark", 1, status],
      ["goTo", 2],
    ]);
    expect(store.notice.value).toBeNull();
  });

  it("do not wait for a mask that is being accepted", () => {
    const { store, actions, calls } = createScene();
    store.series.value = SERIES;
    store.answer.value = answer(1);
    store.pending.value = [{ type: "accept", label: null }];
    finish({ store, actions }, "done");
    expect(calls).toEqual([
      ["mark", 1, "done"],
      ["goTo", 2],
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
