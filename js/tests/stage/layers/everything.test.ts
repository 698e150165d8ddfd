import { describe, expect, it } from "vitest";
import { colour, rampColor } from "../../../src/stage/layers/everything";

describe("colours", () => {
  const top = { width: 3, height: 2, top: Uint32Array.from([1, 1, 0, 1, 1, 0]) };
  it("have firm edges, which stay where tints go", () => {
    const edges = Uint32Array.from([0, 7]);
    expect([...colour(top, { tints: Uint32Array.from([0, 3]), edges })]).toEqual([
      3, 7, 0, 3, 7, 0,
    ]);
    expect([...colour(top, { tints: new Uint32Array(2), edges })]).toEqual([0, 7, 0, 0, 7, 0]);
  });

  it("follow the score from violet to yellow", () => {
    expect(rampColor(0)).toEqual([68, 1, 84]);
    expect(rampColor(1)).toEqual([253, 231, 37]);
    expect(rampColor(0.5)).toEqual([33, 145, 140]);
  });
});
