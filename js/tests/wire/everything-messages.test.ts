import { describe, expect, it } from "vitest";
import { createEverything, masksAt } from "../../src/state/everything";
import { takeCleaned, takeFound, takeState } from "../../src/wire/everything-messages";
import { bytes, found, state, THRESHOLDS, text, words } from "../support/found-masks";
import { IMAGE } from "../support/scene";

function mode() {
  const made = createEverything();
  const { message, buffers } = found([1, 4, 2]);
  takeState(made, state(0), []);
  takeFound(made, message, buffers);
  takeState(made, state(3), [bytes([0b111])]);
  return made;
}

describe("what comes from Python", () => {
  it("opens, and lists the largest mask that stays first", () => {
    const made = mode();
    expect(made.open.value).toBe(true);
    expect(made.kept.value).toEqual([1, 2, 0]);
    expect(made.masks.value.map(({ area }) => area)).toEqual([2, 8, 4]);
    expect(made.removed.value).toEqual({ stability: 2 });
    takeState(made, state(3, { stage: "finished" }), [bytes([0b101])]);
    expect(made.kept.value).toEqual([2, 0]);
    expect(made.busy.value).toBe(false);
  });

  it("notices that candidates are missing", () => {
    const made = mode();
    const later = found([2], 5);
    expect(takeFound(made, later.message, later.buffers)).toBe(false);
    expect(takeState(made, state(9), [bytes([255, 1])])).toBe(false);
    const next = found([2], 3);
    expect(takeFound(made, next.message, next.buffers)).toBe(true);
    expect(made.masks.value).toHaveLength(4);
  });

  it("forgets another run, and what was selected in it", () => {
    const made = mode();
    made.selected.value = new Set([1]);
    takeState(made, state(0, { run: 2, stage: "waiting" }), []);
    expect(made.masks.value).toEqual([]);
    expect(made.selected.value.size).toBe(0);
    takeState(made, { type: "everything_state", run: 0, stage: "none" }, []);
    expect(made.stage.value).toBe("none");
  });

  it("unselects what no longer stays", () => {
    const made = mode();
    made.selected.value = new Set([0, 1]);
    takeState(made, state(3), [bytes([0b010])]);
    expect([...made.selected.value]).toEqual([1]);
  });

  it("shows clean masks only under their own threshold", () => {
    const made = mode();
    const at = { x: 190, y: 50 };
    expect(masksAt(made, IMAGE, at)).toEqual([]);
    const boxed = made.masks.value.map((mask) => ({ ...mask, bbox: [0, 0, 200, 100] as const }));
    made.masks.value = boxed;
    expect(masksAt(made, IMAGE, at)).toEqual([1]);
    const message = {
      type: "everything_cleaned",
      run: 1,
      min_mask_region_area: 50,
      count: 1,
    } as const;
    takeCleaned(made, message, [words([0]), words([2]), text("08")]);
    expect(masksAt(made, IMAGE, at)).toEqual([1]);
    made.thresholds.value = { ...THRESHOLDS, min_mask_region_area: 50 };
    expect(masksAt(made, IMAGE, at)).toEqual([0, 1]);
  });
});
