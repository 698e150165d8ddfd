import { describe, expect, it } from "vitest";
import {
  formatArea,
  formatCount,
  formatDuration,
  formatShare,
} from "../../../src/panels/controls/format";

const NARROW = "\u202f";

describe("numbers", () => {
  it.each([
    [0, "0"],
    [987, "987"],
    [12_345, "12.3k"],
    [99_960, "100k"],
    [999_499, "999k"],
    [999_500, "1.0M"],
    [24_000_000, "24.0M"],
  ])("an area of %i", (pixels, text) => {
    expect(formatArea(pixels)).toBe(`${text}${NARROW}px`);
  });

  it.each([
    [0, "0.0"],
    [0.5, "<0.1"],
    [31, "3.1"],
    [420, "42"],
  ])("a share of %d in 1000", (part, text) => {
    expect(formatShare(part, 1000)).toBe(`${text}${NARROW}%`);
  });

  it("durations and counts", () => {
    expect(formatDuration(8.25)).toBe(`8.3${NARROW}ms`);
    expect(formatDuration(412.4)).toBe(`412${NARROW}ms`);
    expect(formatDuration(2300)).toBe(`2.3${NARROW}s`);
    expect([formatCount(1, "mask"), formatCount(3, "mask")]).toEqual(["1 mask", "3 masks"]);
  });
});
