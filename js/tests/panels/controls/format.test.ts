import { describe, expect, it } from "vitest";
import { cropAround } from "../../../src/geometry/crop";
import type { Mask } from "../../../src/geometry/masks";
import {
  formatArea,
  formatCount,
  formatDuration,
  formatShare,
} from "../../../src/panels/controls/format";
import { themeAround } from "../../../src/panels/theme";

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

function maskAt(left: number, top: number, columns: number, rows: number): Mask {
  return {
    width: 200,
    height: 100,
    left,
    top,
    columns,
    rows,
    data: new Uint8Array(columns * rows),
  };
}

describe("a thumbnail's crop", () => {
  const image = { width: 400, height: 200 };

  it("surrounds all masks with room, in image pixels", () => {
    const crop = cropAround([maskAt(80, 40, 10, 10), maskAt(90, 50, 10, 10)], image);
    expect(crop).toEqual({ left: 154, top: 74, side: 52 });
  });

  it("stays inside the image where it fits, and is centred where it does not", () => {
    expect(cropAround([maskAt(0, 0, 20, 20)], image)).toEqual({ left: 0, top: 0, side: 52 });
    expect(cropAround([maskAt(0, 0, 200, 100)], image)).toEqual({ left: 0, top: -100, side: 400 });
    expect(cropAround([], image)).toEqual({ left: 0, top: -100, side: 400 });
  });
});

describe("the theme", () => {
  it("is what the host declares, else what shows through", () => {
    const root = document.createElement("div");
    document.body.replaceChildren(root);
    document.body.style.backgroundColor = "rgb(20, 20, 20)";
    expect(themeAround(root)).toBe("dark");
    document.body.style.backgroundColor = "rgb(250, 250, 250)";
    expect(themeAround(root)).toBe("light");
    document.body.dataset.jpThemeLight = "false";
    expect(themeAround(root)).toBe("dark");
    delete document.body.dataset.jpThemeLight;
    document.body.style.backgroundColor = "";
  });
});
