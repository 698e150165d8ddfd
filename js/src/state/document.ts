// The document and its answer before anything is done.

import type { DocumentState, PredictionState } from "../protocol";

export const NO_PREDICTION: PredictionState = {
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
