import { describe, expect, it, vi } from "vitest";
import type { Tile } from "../../src/geometry/tiles";
import { TileLoader } from "../../src/stage/tile-loader";

describe("TileLoader", () => {
  const row = (count: number): Tile[] =>
    Array.from({ length: count }, (_, column) => ({ level: 0, column, row: 0 }));

  function createCache() {
    const answers: { column: number; settle: (error?: Error) => Promise<void> }[] = [];
    const tile = vi.fn(
      (_level: number, column: number) =>
        new Promise<Blob>((resolve, reject) => {
          const settle = async (error?: Error) => {
            if (error) reject(error);
            else resolve(new Blob());
            // All that waits for the answer has run when a later task does.
            await new Promise((done) => setTimeout(done));
          };
          answers.push({ column, settle });
        }),
    );
    const close = vi.fn();
    const decode = async () => ({ width: 1, height: 1, close }) as ImageBitmap;
    return { cache: new TileLoader({ tile }, decode), tile, answers, close };
  }

  it("has at most four on their way, in the order asked for", async () => {
    const { cache, answers } = createCache();
    cache.request("one", row(6));
    expect(answers.map(({ column }) => column)).toEqual([0, 1, 2, 3]);
    await answers[1]?.settle();
    expect(answers.map(({ column }) => column)).toEqual([0, 1, 2, 3, 4]);
    expect(cache.get({ level: 0, column: 1, row: 0 })).toBeDefined();
    expect(cache.version.value).toBe(1);
  });

  it("forgets what has gone out of sight before its turn", async () => {
    const { cache, answers } = createCache();
    cache.request("one", row(9));
    cache.request("one", [{ level: 0, column: 40, row: 0 }]);
    await answers[0]?.settle();
    expect(answers.map(({ column }) => column)).toEqual([0, 1, 2, 3, 40]);
  });

  it("drops tiles of a former image, those on their way included", async () => {
    const { cache, answers, close } = createCache();
    cache.request("one", row(2));
    await answers[0]?.settle();
    cache.request("two", row(1));
    await answers[1]?.settle();
    expect(close).toHaveBeenCalledTimes(2);
    expect(cache.over(row(2))).toEqual([]);
    expect(answers.map(({ column }) => column)).toEqual([0, 1, 0]);
  });

  it("tries a failed tile once more, then leaves it", async () => {
    const { cache, answers, tile } = createCache();
    cache.request("one", row(1));
    await answers[0]?.settle(new Error("busy"));
    await answers[1]?.settle(new Error("busy"));
    cache.request("one", row(1));
    expect(tile).toHaveBeenCalledTimes(2);
  });

  it("keeps 128 tiles, those used last", async () => {
    const { cache, answers, close } = createCache();
    for (let column = 0; column < 130; column++) {
      cache.request("one", [{ level: 0, column, row: 0 }]);
      if (column > 0) cache.over(row(1));
      await answers[column]?.settle();
    }
    expect(close).toHaveBeenCalledTimes(2);
    expect(cache.get({ level: 0, column: 0, row: 0 })).toBeDefined();
    expect(cache.get({ level: 0, column: 1, row: 0 })).toBeUndefined();
  });

  it("draws coarser tiles before finer ones", async () => {
    const { cache, answers } = createCache();
    const fine = { level: 0, column: 1, row: 0 };
    const coarse = { level: 1, column: 0, row: 0 };
    cache.request("one", [fine, coarse]);
    await answers[0]?.settle();
    await answers[1]?.settle();
    expect(cache.over([fine])).toEqual([coarse, fine]);
  });
});
