// The document and its answer before anything is done.

import type { AnswerState, DocumentState } from "../protocol";

export const NO_ANSWER: AnswerState = {
  revision: 0,
  version: 0,
  width: 0,
  height: 0,
  selected: 0,
  candidates: [],
};

export const EMPTY_DOCUMENT: DocumentState = {
  version: 0,
  prompts: { points: [], box: null, has_mask: false },
  can_undo: false,
  can_redo: false,
  cursor: 0,
  length: 1,
  multimask: null,
  reopened: null,
  journal: null,
};
