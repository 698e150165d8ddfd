import { describe, expect, it, vi } from "vitest";
import { SeriesThumbnails } from "../../../src/panels/series/thumbnails";

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
