import { describe, expect, it } from "vitest";
import type { EverythingRequest, EverythingState, Reply } from "../../src/protocol";
import { colour, rampColor } from "../../src/stage/layers/everything";
import { createEverything, masksAt } from "../../src/state/everything";
import { everythingTool } from "../../src/tools/everything";
import { takeCleaned, takeFound, takeState } from "../../src/wire/everything-messages";
import { EverythingRequests } from "../../src/wire/everything-requests";
import { createScene, IMAGE } from "../support/scene";

const THRESHOLDS = {
  pred_iou_thresh: 0.5,
  stability_score_thresh: 0.5,
  box_nms_thresh: 0.7,
  crop_nms_thresh: 0.7,
  min_mask_region_area: 0,
};

const bytes = (values: ArrayLike<number>): DataView => new DataView(Uint8Array.from(values).buffer);
const words = (values: number[]): DataView => new DataView(Uint32Array.from(values).buffer);
const text = (value: string): DataView => new DataView(new TextEncoder().encode(value).buffer);

/** Masks of 4 x 2 pixels: each covers columns from 0 to before its number. */
const CODES: Record<number, string> = { 1: "026", 2: "044", 4: "08" };

function found(columns: number[], first = 0, run = 1) {
  const codes = columns.map((one) => CODES[one] ?? "08");
  let end = 0;
  const ends = codes.map((code) => {
    end += code.length;
    return end;
  });
  const numbers = columns.flatMap((one) => [0.5 + one / 10, 0.9, 2 * one, 0, 0, one, 2, 0, 0]);
  const message = { type: "everything", run, first, count: columns.length, width: 4, height: 2 };
  const buffers = [
    new DataView(Float32Array.from(numbers).buffer),
    words(ends),
    text(codes.join("")),
  ];
  return { message: message as { type: "everything" } & typeof message, buffers };
}

function state(candidates: number, change: Partial<EverythingState> = {}): EverythingState {
  return {
    type: "everything_state",
    run: 1,
    stage: "decoding",
    share: 0.5,
    seconds_left: 3,
    problem: null,
    kept: candidates,
    candidates,
    removed: { stability: 2 },
    thresholds: THRESHOLDS,
    ...change,
  } as EverythingState;
}

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

describe("requests", () => {
  function asked() {
    const made = createEverything();
    const questions: EverythingRequest[] = [];
    const answers: (() => void)[] = [];
    const requests = new EverythingRequests(
      made,
      (what) => {
        questions.push(what);
        return new Promise((resolve) => {
          const reply = { type: "reply", to: "a", of: "everything_filter", kept: 1 } as Reply;
          answers.push(() => resolve({ reply, buffers: [] }));
        });
      },
      (error) => {
        throw error;
      },
    );
    return { requests, questions, answers };
  }

  it("have one slider move in flight, and the newest after it", async () => {
    const { requests, questions, answers } = asked();
    const { filter } = requests.actions();
    for (const value of [0.1, 0.2, 0.3]) filter({ ...THRESHOLDS, pred_iou_thresh: value });
    expect(questions).toHaveLength(1);
    answers[0]?.();
    await Promise.resolve();
    await Promise.resolve();
    expect(questions.map((one) => "pred_iou_thresh" in one && one.pred_iou_thresh)).toEqual([
      0.1, 0.3,
    ]);
  });

  it("say where to look", () => {
    const { requests, questions } = asked();
    requests.actions().run(8, 1, { x0: 1, y0: 2, x1: 3, y1: 4 });
    expect(questions).toEqual([
      { type: "everything_run", points_per_side: 8, crop_n_layers: 1, region: [1, 2, 3, 4] },
    ]);
  });
});

describe("the tool", () => {
  const sample = (x: number, y: number, change = {}) => ({
    image: { x: x / 2, y: y / 2 },
    stage: { x, y },
    kind: "mouse" as const,
    exclude: false,
    travelled: false,
    ...change,
  });

  function scene() {
    const made = createScene();
    const { message, buffers } = found([1, 4, 2]);
    const { everything } = made.store;
    takeState(everything, state(0), []);
    takeFound(everything, message, buffers);
    takeState(everything, state(3), [bytes([0b111])]);
    everything.masks.value = everything.masks.value.map((mask) => ({
      ...mask,
      bbox: [0, 0, 200, 100] as const,
    }));
    const transform = () => ({ a: 2, d: 2, e: 0, f: 0 });
    const context = { ...made, transform, hit: () => null };
    const click = (x: number, y: number, change = {}) =>
      everythingTool.down(sample(x, y, change), context).up(sample(x, y, change));
    return { everything, context, click };
  }

  it("selects the smallest mask under it, and then the ones beneath, in turn", () => {
    const { everything, click } = scene();
    const seen: number[][] = [];
    for (let times = 0; times < 4; times++) {
      click(20, 40);
      seen.push([...everything.selected.value]);
    }
    expect(seen).toEqual([[0], [2], [1], [0]]);
    click(380, 40);
    expect([...everything.selected.value]).toEqual([1]);
  });

  it("adds and removes by the right button, and selects nothing where there is nothing", () => {
    const { everything, click } = scene();
    click(20, 40);
    click(380, 40, { exclude: true });
    expect([...everything.selected.value]).toEqual([0, 1]);
    click(380, 40, { exclude: true });
    expect([...everything.selected.value]).toEqual([0]);
    everything.kept.value = [];
    click(300, 40);
    expect(everything.selected.value.size).toBe(0);
  });

  it("draws the region of the next run", () => {
    const { everything, context } = scene();
    const drag = everythingTool.down(sample(20, 20), context);
    drag.move(sample(100, 80, { travelled: true }));
    drag.up(sample(120, 100, { travelled: true }));
    expect(everything.region.value).toEqual({ x0: 10, y0: 10, x1: 60, y1: 50 });
    expect(everything.selected.value.size).toBe(0);
  });
});

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
