// Whether bytes should follow answers, on links made of a clock.

import { describe, expect, it } from "vitest";
import { createStore } from "../../src/state/store";
import { AnswerDelay, Padding } from "../../src/wire/padding";

/** A link whose round trips take these milliseconds, one after the other. */
function linkOf(plain: number[], pushed: number[]) {
  let now = 0;
  const decisions: boolean[] = [];
  const asked: boolean[] = [];
  const link = new AnswerDelay(
    (push) => {
      asked.push(push);
      const times = push ? pushed : plain;
      now += times[(asked.filter((flag) => flag === push).length - 1) % times.length] ?? 0;
      return Promise.resolve();
    },
    (push) => decisions.push(push),
    () => now,
  );
  const pass = (ms: number) => {
    now += ms;
  };
  return { link, decisions, asked, pass };
}

describe("a link", () => {
  it("that holds small answers back and carries bytes for nothing is pushed", async () => {
    const { link, decisions, asked } = linkOf([9, 47, 48, 46], [9, 12, 30, 8, 9]);
    await link.refresh();
    expect(decisions).toEqual([true]);
    expect(asked).toEqual([...new Array(4).fill(false), ...new Array(5).fill(true)]);
  });

  it("that answers at once is not, and no bytes are sent to find out", async () => {
    const { link, decisions, asked } = linkOf([5, 6, 5, 40], [5]);
    await link.refresh();
    expect(decisions).toEqual([false]);
    expect(asked).not.toContain(true);
  });

  it.each([
    ["far and thin", [90, 91, 90, 92], [107, 108, 109]],
    ["far", [51, 50, 52, 51], [51, 52, 53, 52, 51]],
    ["near and busy", [40, 45, 42, 44], [40, 44, 39, 47, 41]],
  ])("that is %s is not pushed", async (_, plain, pushed) => {
    const { link, decisions } = linkOf(plain, pushed);
    await link.refresh();
    expect(decisions).toEqual([false]);
  });

  it("that is thin gets two trials at most, and more and more rarely", async () => {
    const { link, asked, pass } = linkOf([90], [140]);
    const trials = async (minutes: number) => {
      pass(minutes * 60_000);
      asked.length = 0;
      await link.refresh();
      return asked.filter(Boolean).length;
    };
    expect(await trials(0)).toBe(2);
    expect(await trials(3)).toBe(0);
    expect(await trials(2)).toBe(2);
    expect(await trials(5)).toBe(0);
    link.forget();
    expect(await trials(0)).toBe(2);
  });

  it("is not judged while the kernel is occupied", async () => {
    const { link, decisions, asked, pass } = linkOf([47, 700, 800, 47], [8]);
    await link.refresh();
    expect(decisions).toEqual([]);
    expect(asked).toHaveLength(3);
    await link.refresh();
    expect(asked).toHaveLength(3);
    pass(6000);
    await link.refresh();
    expect(asked.length).toBeGreaterThan(3);
  });

  it("that gives no answer is no news", async () => {
    const decisions: boolean[] = [];
    const link = new AnswerDelay(
      () => Promise.reject(new Error("lost")),
      (push) => decisions.push(push),
    );
    await link.refresh();
    expect(decisions).toEqual([]);
  });
});

describe("requests", () => {
  it("are marked as was measured, the measuring ones as they try", async () => {
    const store = createStore();
    store.kernelStatus.value = "ready";
    const marks: boolean[] = [];
    const link = {
      idle: true,
      ping: () => {
        const { push = false } = padding.marked({ type: "ping" });
        marks.push(push);
        return Promise.resolve();
      },
    };
    const padding = new Padding(store, link);
    store.pushing.value = true;
    expect(padding.marked({ type: "undo" })).toEqual({ type: "undo", push: true });
    padding.measure();
    await new Promise((resolve) => {
      setTimeout(resolve);
    });
    // Answered at once, so nothing is held back, and nothing is tried.
    expect(marks).toEqual([false, false, false, false]);
    expect(store.pushing.value).toBe(false);
    expect(padding.marked({ type: "undo" })).toEqual({ type: "undo" });
  });

  it("are not measured while others are on their way", () => {
    const store = createStore();
    store.kernelStatus.value = "ready";
    let pings = 0;
    const link = {
      idle: false,
      ping: () => {
        pings += 1;
        return Promise.resolve();
      },
    };
    new Padding(store, link).measure();
    expect(pings).toBe(0);
  });
});
