import { describe, expect, it } from "vitest";
import type { Reply } from "../../src/protocol";
import type { EverythingRequest } from "../../src/protocol.generated";
import { createEverything } from "../../src/state/everything";
import { EverythingRequests } from "../../src/wire/everything-requests";
import { THRESHOLDS } from "../support/found-masks";

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
    expect(
      questions.map((question) => "pred_iou_thresh" in question && question.pred_iou_thresh),
    ).toEqual([0.1, 0.3]);
  });

  it("say where to look", () => {
    const { requests, questions } = asked();
    requests.actions().run(8, 1, { x0: 1, y0: 2, x1: 3, y1: 4 });
    expect(questions).toEqual([
      { type: "everything_run", points_per_side: 8, crop_n_layers: 1, region: [1, 2, 3, 4] },
    ]);
  });
});
