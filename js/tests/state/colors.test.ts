import { expect, it } from "vitest";
import { parseColor } from "../../src/state/colors";

it("parseColor reads colours and survives anything else", () => {
  expect(parseColor("#ff8001", 9)).toEqual([255, 128, 1, 9]);
  expect(parseColor("url(x)", 9)).toEqual([128, 128, 128, 9]);
});
