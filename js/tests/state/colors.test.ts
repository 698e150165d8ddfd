import { expect, it } from "vitest";
import { colorOfLabel, inkOn, parseColor } from "../../src/state/colors";

it("parseColor reads colours and survives anything else", () => {
  expect(parseColor("#ff8001", 9)).toEqual([255, 128, 1, 9]);
  expect(parseColor("url(x)", 9)).toEqual([128, 128, 128, 9]);
});

it("colorOfLabel knows labels alone, whatever they are called", () => {
  const colors = JSON.parse('{"cup": "#ff0000", "__proto__": "#00ff00"}');
  expect(colorOfLabel(colors, "cup")).toBe("#ff0000");
  expect(colorOfLabel(colors, "__proto__")).toBe("#00ff00");
  for (const name of ["constructor", "toString", "", "spoon"]) {
    expect(colorOfLabel(colors, name)).toBeUndefined();
  }
});

it.each([
  ["#ffffff", "#000000"],
  ["#f59e0b", "#000000"],
  ["#808080", "#000000"],
  ["#1d4ed8", "#ffffff"],
  ["#000000", "#ffffff"],
])("on %s one writes in %s", (color, ink) => {
  expect(inkOn(color)).toBe(ink);
});
