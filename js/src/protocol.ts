// What comes from the kernel: every synced trait and every message, typed. Python lays them out in
// sam_widget/widget/wire/; what the page may ask is in protocol.generated.ts, written from a table.
// Both sides run the examples in tests/protocol/*.json, so neither can drift alone.
// Python alone writes traits; the page reads them and speaks in messages.

import type { EverythingThresholds, WireBox } from "./protocol.generated";

/** A binary payload as Jupyter delivers it: mind byteOffset and byteLength. */
export type Bytes = DataView;

export type Status = "loading" | "encoding" | "ready" | "predicting" | "error";

/** A point prompt, in pixels of the original image (x to the right, y down). */
export interface WirePoint {
  x: number;
  y: number;
  positive: boolean;
}

export interface WirePrompts {
  points: WirePoint[];
  box: WireBox | null;
  has_mask: boolean;
}

/** The image on screen: a preview of at most 2048 px, sharp tiles on request above that. */
export interface ImageState {
  /** Changes whenever the widget gets another image; "" when it has none to show. */
  id: string;
  width: number;
  height: number;
  /** What reading did to the pixels ("" if nothing), e.g. "16-bit: scaled from 300-41200". */
  note: string;
  preview: Bytes;
  preview_mime: string;
  preview_width: number;
  preview_height: number;
  /** Coarsest pyramid level that is still sharper than the preview; -1 if the preview is complete. */
  max_level: number;
  tile_size: number;
}

/** What the user has asked for so far. `version` grows with every applied gesture. */
export interface DocumentState {
  version: number;
  prompts: WirePrompts;
  can_undo: boolean;
  can_redo: boolean;
  /** History is data: `prompts` is entry `cursor` of `length`. */
  cursor: number;
  length: number;
  /** null: one lone point asks for three masks, anything else for one. */
  multimask: boolean | null;
  /** The annotation that accepting replaces; null when it makes a new one. */
  reopened: string | null;
  /** How the annotations are on disk; null where nothing keeps them there. */
  journal: JournalState | null;
}

/** `note`: why they are not saved, or what was found when the journal was opened. */
export interface JournalState {
  state: "saved" | "saving" | "unsaved";
  note: string;
}

/** One candidate mask; `rle` is the COCO compressed run-length string, column-major. */
export interface Candidate {
  /** Predicted IoU and stability; null for a mask drawn by hand. */
  score: number | null;
  stability: number | null;
  /** In pixels of the original image. */
  area: number;
  rle: Bytes;
}

/** The answer on screen, one atomic value. `revision` grows once per answer or choice. */
export interface AnswerState {
  revision: number;
  /** The document version this answers. */
  version: number;
  /** Size of the masks: the original image's, or at most 2048 px on the long side. */
  width: number;
  height: number;
  selected: number;
  /** Subpart to whole; empty when there are no prompts. */
  candidates: Candidate[];
}

/**
 * The answer as it travels: all run-length strings one after the other in one buffer, which is always
 * there. A notebook that was executed without a page stores every buffer under the path it last had.
 */
export interface WireAnswer extends Omit<AnswerState, "candidates"> {
  candidates: (Omit<Candidate, "rle"> & { bytes: number })[];
  masks: Bytes;
}

export interface ModelInfo {
  name: string;
  device: string;
  /** What it takes as a prompt: "points", "box", "mask", "text"; empty until it is loaded. */
  accepts?: readonly string[];
  /** Whether it is made for hover previews; undefined until it is loaded. */
  previews?: boolean | null;
  /** Milliseconds; null until it has happened. */
  encode_ms: number | null;
  decode_ms: number | null;
  /** What a hover preview takes the model. */
  preview_ms?: number | null;
  /** Share of the image's encoding that is done, in [0, 1]; null while nothing is encoded. */
  encode_progress?: number | null;
}

/** What went wrong, in words for the person in front of it, and what to do next. */
export interface Problem {
  code: string;
  message: string;
  hint: string;
}

export interface Traits {
  image_state: ImageState;
  document: DocumentState;
  answer: WireAnswer;
  status: Status;
  problem: Problem | null;
  model_info: ModelInfo;
  labels: string[];
  /** Those that the widget was made with, in that order; a new view begins with the first. */
  offered_labels: string[];
  /** Label to "#rrggbb", in order of appearance. */
  label_colors: Record<string, string>;
  /** Whether a label that is chosen accepts the mask on screen; a view may choose otherwise. */
  accept_on_label: boolean;
  /** null when the widget shows a single image. */
  series_state: SeriesState | null;
}

export type ImageStatus = "todo" | "done" | "skipped";

/** The series of images that the one on screen belongs to. */
export interface SeriesState {
  length: number;
  index: number;
  name: string;
  /** One letter for each image: t to do, d done, s skipped, e to do but unreadable. */
  statuses: string;
  /** Why place and statuses are not kept; "" when they are. */
  note: string;
}

/** An accepted annotation. `rle` as in Candidate, at the size given by `width` and `height`. */
export interface WireAnnotation {
  id: string;
  label: string;
  /** CSS colour "#rrggbb". */
  color: string;
  visible: boolean;
  /** Predicted IoU and stability; null where no model told. */
  score: number | null;
  stability: number | null;
  area: number;
  /** x, y, width, height in pixels of the original image. */
  bbox: [number, number, number, number];
  width: number;
  height: number;
  /** Which of the message's buffers holds the run-length string; null: the mask is as it was. */
  buffer: number | null;
}

// ---- kernel to page ---------------------------------------------------------------------------

/** Each request is answered by exactly one reply or error, bearing its id as `to`. */
export type Reply =
  | { type: "reply"; to: string; of: "gesture"; version: number; revision: number }
  | { type: "reply"; to: string; of: "preview"; preview: PreviewReply | null }
  | ({ type: "reply"; to: string; of: "islands" } & WireIslands)
  | { type: "reply"; to: string; of: "tile"; mime: string }
  | {
      type: "reply";
      to: string;
      of: "annotations";
      version: number;
      annotations: WireAnnotation[];
      /** null when these were the last. */
      next: number | null;
    }
  /** Its picture is in buffers[0]. */
  | {
      type: "reply";
      to: string;
      of: "thumbnail";
      index: number;
      name: string;
      mime: string;
      width: number;
      height: number;
    }
  | { type: "reply"; to: string; of: "series" }
  | ({ type: "reply"; to: string; of: "export" } & Exported)
  | ({ type: "reply"; to: string; of: "summary" } & SeriesSummary)
  | { type: "reply"; to: string; of: "everything_run"; run: number }
  | { type: "reply"; to: string; of: "everything_cancel" }
  | { type: "reply"; to: string; of: "everything_filter"; kept: number }
  | { type: "reply"; to: string; of: "everything_keep"; kept: number }
  /** Buffers as of EverythingFound; `next` is null when these were the last. */
  | ({ type: "reply"; to: string; of: "everything_list"; next: number | null } & FoundRows)
  | { type: "reply"; to: string; of: "ping" };

/** Where annotations were written. `note`: what else is worth knowing of it; "" for nothing. */
export interface Exported {
  path: string;
  images: number;
  objects: number;
  note: string;
}

/** What has been made in a series. */
export interface SeriesSummary {
  objects: number;
  /** Labels and how many objects bear them, in alphabetical order; "" is no label. */
  labels: [label: string, count: number][];
  /** Of how many labels `labels` has the first. */
  label_count: number;
  /** One digit for each image: 1 has no objects. */
  empty: string;
}

/** The best mask for the hovered point; buffers[0] is its run-length string. */
export interface PreviewReply {
  x: number;
  y: number;
  score: number;
  width: number;
  height: number;
}

/** How many islands and holes a mask has, and the pixels of the smallest of them, ascending. */
export interface WireIslands {
  island_count: number;
  islands: number[];
  hole_count: number;
  holes: number[];
}

export interface ErrorReply extends Problem {
  type: "error";
  /** null when the request was too broken to have one. */
  to: string | null;
}

/** Accepted annotations that changed, by delta: a gap in `version` asks for the full list. */
export interface AnnotationsChanged {
  type: "annotations_changed";
  version: number;
  /** Each goes to (or stays at) its `index` in the list, in the order given. */
  changed: { index: number; annotation: WireAnnotation }[];
  removed: string[];
}

/** The request is alive and waits its turn: no sign of a busy kernel. */
export interface Progress {
  type: "progress";
  to: string;
}

/** Follows an answer that was to be pushed along; its buffer means nothing. */
export interface Push {
  type: "push";
}

interface FoundRows {
  run: number;
  /** Row of the first of `count` candidates. */
  first: number;
  count: number;
  /** Size of the masks. */
  width: number;
  height: number;
}

/**
 * Candidates of everything mode. Buffers: nine float32 for each (predicted IoU, stability, area,
 * x, y, width, height of the box, x, y of the point), the end of each run-length string as uint32,
 * and the strings one after the other.
 */
export interface EverythingFound extends FoundRows {
  type: "everything";
}

/** Masks that the clean-up changed. Buffers: rows and ends of strings as uint32, the strings. */
export interface EverythingCleaned {
  type: "everything_cleaned";
  run: number;
  min_mask_region_area: number;
  count: number;
}

/** How a run stands. The buffer has a bit for each candidate, least first: whether it stays. */
export type EverythingState =
  | { type: "everything_state"; run: number; stage: "none" }
  | {
      type: "everything_state";
      run: number;
      stage: "waiting" | "encoding" | "decoding" | "finished" | "cancelled" | "failed";
      share: number;
      seconds_left: number | null;
      problem: Problem | null;
      kept: number;
      candidates: number;
      /** Candidates that each rule removed. */
      removed: Record<string, number>;
      thresholds: Partial<EverythingThresholds>;
    };

export type EverythingMessage = EverythingFound | EverythingCleaned | EverythingState;

export interface Closed {
  type: "closed";
}

export type FromKernel =
  | Reply
  | ErrorReply
  | AnnotationsChanged
  | EverythingMessage
  | Progress
  | Push
  | Closed;
