import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ROW_HEIGHT, rowsInView, scrolledTo } from "../../../src/panels/annotations/rows-in-view";

describe("the window", () => {
  it("holds every row in view, and few others", () => {
    fc.assert(
      fc.property(
        fc.nat(2000),
        fc.nat(70_000),
        fc.integer({ min: 1, max: 900 }),
        (count, top, height) => {
          const { start, end } = rowsInView(top, height, count);
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeLessThanOrEqual(count);
          expect(end - start).toBeLessThanOrEqual(height / ROW_HEIGHT + 10);
          for (let row = 0; row < count; row++) {
            const inView = (row + 1) * ROW_HEIGHT > top && row * ROW_HEIGHT < top + height;
            if (inView) expect(row >= start && row < end).toBe(true);
          }
        },
      ),
    );
  });

  it("scrolls as little as it takes to show a row", () => {
    expect(scrolledTo(3, 0, 300)).toBe(0);
    expect(scrolledTo(10, 0, 300)).toBe(30);
    expect(scrolledTo(2, 150, 300)).toBe(60);
  });
});
