// What becomes of a request that got an error, or no answer at all.

import type { ErrorReply } from "../protocol";

export class RequestFailed extends Error {
  constructor(readonly problem: ErrorReply) {
    super(problem.message);
  }
}

export function lostProblem(): ErrorReply {
  return {
    type: "error",
    to: null,
    code: "lost",
    message: "The kernel is gone.",
    hint: "Run the cell again to continue.",
  };
}
