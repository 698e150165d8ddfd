// View state of one rendered view (tool, hover, zoom) and read-only mirrors of Python's traits.
// Only connection.ts writes the mirrors; nothing here is ever synced back.

import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { type EncodedMask, isSameMask } from "../geometry/masks";
import { IDENTITY_VIEW, type View } from "../geometry/viewport";
import type {
  Bytes,
  DocumentState,
  Gesture,
  ImageState,
  ImageStatus,
  ModelInfo,
  ObjectChange,
  PredictionState,
  Problem,
  SeriesState,
  Status,
  WireAnnotation,
  WireBox,
  WireIslands,
} from "../protocol";
import { createEverything, type EverythingActions, type EverythingMode } from "./everything";
import { type Foreseen, isAsking, shownAnswer, shownObjects } from "./optimistic";

export type ToolName = "point" | "box" | "pan" | "everything" | EditToolName;
export type EditToolName = "brush" | "eraser" | "polygon" | "cut";
export type ConnectionState = "live" | "busy" | "lost";
/** Hover previews: whenever the model is fast enough, or as the person says. */
export type PreviewChoice = "auto" | "on" | "off";

/** A preview that takes longer does not follow the pointer but hops after it. */
export const SLOW_PREVIEW_MS = 200;

/** An accepted object with its run-length bytes at hand. */
export interface SceneObject extends Omit<WireAnnotation, "buffer"> {
  rle: Bytes;
}

/** The hovered point's mask: never committed, never counted. */
export interface Preview {
  x: number;
  y: number;
  score: number;
  width: number;
  height: number;
  rle: Bytes;
  /** 1, 2, 3 ... per view; shown as data-preview-revision once painted. */
  revision: number;
}

/** A short message for the person; `assertive` ones interrupt a screen reader. */
export interface Notice {
  text: string;
  hint: string;
  kind: "info" | "error";
}

/** What tools and panels can ask for. connection.ts implements it. Coordinates are image pixels. */
export interface Actions {
  addPoint(x: number, y: number, positive: boolean): void;
  movePoint(index: number, x: number, y: number): void;
  removePoint(index: number): void;
  setBox(box: WireBox): void;
  removeBox(): void;
  removeMask(): void;
  setMaskFrom(annotationId: string): void;
  setMultimask(value: boolean | null): void;
  choose(index: number): void;
  clear(): void;
  undo(): void;
  redo(): void;
  // Edits by hand, of an accepted object or (null) of the mask on screen. Points: x, y, x, y ...
  brush(points: readonly number[], radius: number, annotationId: string | null): void;
  erase(points: readonly number[], radius: number, annotationId: string | null): void;
  addPolygon(points: readonly number[], annotationId: string | null): void;
  subtractPolygon(points: readonly number[], annotationId: string | null): void;
  fillHoles(maxArea: number | null, annotationId: string | null): void;
  dropIslands(minArea: number, annotationId: string | null): void;
  smooth(radius: number, annotationId: string | null): void;
  split(annotationId: string, line: readonly number[] | null): void;
  merge(ids: readonly string[], label: string | null): void;
  islands(annotationId: string | null): Promise<WireIslands>;
  accept(label: string | null): void;
  updateAnnotation(id: string, change: ObjectChange): void;
  removeAnnotation(id: string): void;
  reopen(id: string): void;
  /** Each of these is one step for undo, however many objects it changes. */
  updateAnnotations(ids: readonly string[], change: ObjectChange): void;
  removeAnnotations(ids: readonly string[]): void;
  showOnly(ids: readonly string[]): void;
  addLabel(label: string): void;
  renameLabel(label: string, to: string): void;
  recolorLabel(label: string, color: string): void;
  removeLabel(label: string): void;
  /** Latest wins, one in flight; null withdraws what was asked and hides what is shown. */
  preview(point: { x: number; y: number } | null): void;
  /** Opens another image of the series; the newest wish counts. */
  goTo(index: number): void;
  mark(index: number, status: ImageStatus): void;
  /** A small picture of an image of the series, and its name. */
  thumbnail(index: number): Promise<{ picture: Blob; name: string }>;
  readonly everything: EverythingActions;
  /** The encoded picture of one pyramid tile of the current image. */
  tile(level: number, column: number, row: number): Promise<Blob>;
}

export interface Store {
  // Mirrors of Python's state.
  readonly image: Signal<ImageState | null>;
  readonly document: Signal<DocumentState>;
  readonly prediction: Signal<PredictionState>;
  readonly kernelStatus: Signal<Status>;
  readonly problem: Signal<Problem | null>;
  readonly model: Signal<ModelInfo>;
  readonly labels: Signal<readonly string[]>;
  readonly labelColors: Signal<Readonly<Record<string, string>>>;
  readonly confirmedObjects: Signal<readonly SceneObject[]>;
  readonly preview: Signal<Preview | null>;
  /** The newest preview, also when none is to be shown any more: a click may have come there. */
  readonly foreseen: Signal<Foreseen | null>;
  readonly series: Signal<SeriesState | null>;
  // What this view is waiting for.
  /** Image of the series that is being opened; until it is there nothing else can be done. */
  readonly opening: Signal<number | null>;
  readonly connection: Signal<ConnectionState>;
  /** Whether answers are pushed along on this view's link; null until that is known. link.ts. */
  readonly pushing: Signal<boolean | null>;
  /** Gestures sent and not yet acknowledged, oldest first: drawn at once as provisional marks. */
  readonly pending: Signal<readonly Gesture[]>;
  /** The answer as a person should see it: Python's, or until that comes what is known of it. */
  readonly shownPrediction: ReadonlySignal<PredictionState>;
  /** Its chosen mask: the same object as long as it is the same mask, so it is painted once. */
  readonly shownMask: ReadonlySignal<EncodedMask | null>;
  /** Accepted objects as a person should see them: Python's, and what has been done since. */
  readonly objects: ReadonlySignal<readonly SceneObject[]>;
  /** Newest document version this view knows was applied for it. */
  readonly awaitedVersion: Signal<number>;
  /** Revision of the prediction last painted, and of the preview. The renderer writes them. */
  readonly paintedRevision: Signal<number>;
  readonly paintedPreview: Signal<number>;
  readonly paintedForeseen: Signal<Foreseen | null>;
  /** What data-status says. */
  readonly status: ReadonlySignal<Status>;
  /** Whether prompts of this view wait for their answer, and nothing else is going on. */
  readonly awaiting: ReadonlySignal<boolean>;
  // View state.
  readonly tool: Signal<ToolName>;
  /** Pointer over the image, in image pixels. */
  readonly hover: Signal<{ x: number; y: number } | null>;
  /** The prompt under the pointer or selected by keyboard. */
  readonly activePrompt: Signal<{ kind: "point"; index: number } | { kind: "box" } | null>;
  readonly view: Signal<View>;
  /** Size of the stage in CSS pixels. */
  readonly stageSize: Signal<{ width: number; height: number }>;
  readonly opacity: Signal<number>;
  readonly outline: Signal<boolean>;
  /** Brush radius in image pixels; null until the person chooses, then it follows the image. */
  readonly brushRadius: Signal<number | null>;
  /** Whether a polygon takes pixels away. */
  readonly subtracting: Signal<boolean>;
  /** Whether the editing panel shows more than its head. */
  readonly editingOpen: Signal<boolean>;
  readonly hoverPreview: Signal<PreviewChoice>;
  /** Whether masks are previewed under the pointer, by that choice and the model's speed. */
  readonly previewing: ReadonlySignal<boolean>;
  readonly helpOpen: Signal<boolean>;
  /** Label that Enter accepts under; "" means none. */
  readonly label: Signal<string>;
  /** Object highlighted from the list or under the pointer. */
  readonly highlighted: Signal<string | null>;
  /** Ids of the objects that the next action on objects is for. */
  readonly selectedObjects: Signal<ReadonlySet<string>>;
  /** What the list of objects shows: labels that hold the text; one label alone, "" being none. */
  readonly objectFilter: Signal<ObjectFilter>;
  readonly notice: Signal<Notice | null>;
  readonly everything: EverythingMode;
}

export interface ObjectFilter {
  readonly text: string;
  readonly label: string | null;
}

export const EVERY_OBJECT: ObjectFilter = { text: "", label: null };

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

export function createStore(): Store {
  const model = signal<ModelInfo>({ name: "", device: "", encode_ms: null, decode_ms: null });
  const hoverPreview = signal<PreviewChoice>("auto");
  const previewing = computed(
    () =>
      hoverPreview.value === "on" || (hoverPreview.value === "auto" && !isSlowModel(model.value)),
  );
  const pending = signal<readonly Gesture[]>([]);
  return {
    image: signal<ImageState | null>(null),
    problem: signal<Problem | null>(null),
    model,
    ...createAnswerSignals(pending),
    ...createObjectSignals(pending),
    preview: signal<Preview | null>(null),
    series: signal<SeriesState | null>(null),
    opening: signal<number | null>(null),
    connection: signal<ConnectionState>("live"),
    pushing: signal<boolean | null>(null),
    pending,
    paintedPreview: signal(0),
    paintedForeseen: signal<Foreseen | null>(null),
    ...createViewSignals(),
    ...editingSignals(),
    hoverPreview,
    previewing,
    helpOpen: signal(false),
    label: signal(""),
    notice: signal<Notice | null>(null),
    everything: createEverything(),
  };
}

/** What has been asked and answered, and how far the one is behind the other. */
function createAnswerSignals(pending: Signal<readonly Gesture[]>) {
  const document = signal<DocumentState>(EMPTY_DOCUMENT);
  const prediction = signal<PredictionState>(NO_PREDICTION);
  const kernelStatus = signal<Status>("loading");
  const awaitedVersion = signal(0);
  const paintedRevision = signal(0);
  const status = computed<Status>(() => {
    const waiting = pending.value.length > 0;
    if (waiting) return "predicting";
    if (kernelStatus.value !== "ready") return kernelStatus.value;
    const answered = prediction.value.version >= awaitedVersion.value;
    const painted = paintedRevision.value >= prediction.value.revision;
    return answered && painted ? "ready" : "predicting";
  });
  const awaiting = computed(
    () =>
      status.value === "predicting" &&
      (isAsking(pending.value) || prediction.value.version < awaitedVersion.value),
  );
  const foreseen = signal<Foreseen | null>(null);
  const shownPrediction = computed(() =>
    awaiting.value
      ? shownAnswer(prediction.value, foreseen.value, document.value, pending.value)
      : prediction.value,
  );
  let latest: EncodedMask | null = null;
  const shownMask = computed(() => {
    const chosen = chosenMask(shownPrediction.value);
    if (!(latest && chosen && isSameMask(latest, chosen))) latest = chosen;
    return latest;
  });
  return {
    document,
    prediction,
    kernelStatus,
    awaitedVersion,
    paintedRevision,
    status,
    awaiting,
    foreseen,
    shownPrediction,
    shownMask,
  };
}

function chosenMask(prediction: PredictionState): EncodedMask | null {
  const { candidates, selected, width, height } = prediction;
  const chosen = candidates[selected];
  return chosen ? { rle: chosen.rle, width, height } : null;
}

function createViewSignals() {
  return {
    tool: signal<ToolName>("point"),
    hover: signal<{ x: number; y: number } | null>(null),
    activePrompt: signal<{ kind: "point"; index: number } | { kind: "box" } | null>(null),
    view: signal<View>(IDENTITY_VIEW),
    stageSize: signal({ width: 0, height: 0 }),
    opacity: signal(0.5),
    outline: signal(true),
  };
}

function createObjectSignals(pending: Signal<readonly Gesture[]>) {
  const confirmedObjects = signal<readonly SceneObject[]>([]);
  const labelColors = signal<Readonly<Record<string, string>>>({});
  return {
    labels: signal<readonly string[]>([]),
    labelColors,
    confirmedObjects,
    objects: computed(() => shownObjects(confirmedObjects.value, pending.value, labelColors.value)),
    highlighted: signal<string | null>(null),
    selectedObjects: signal<ReadonlySet<string>>(new Set()),
    objectFilter: signal<ObjectFilter>(EVERY_OBJECT),
  };
}

/** Whether previews are too slow to follow the pointer. */
export function isSlowModel({ preview_ms }: ModelInfo): boolean {
  return (preview_ms ?? 0) > SLOW_PREVIEW_MS;
}

/** Whether previews are off because the model is slow, and not because the person said so. */
export function isOffForSlowness({ hoverPreview, model }: Store): boolean {
  return hoverPreview.value === "auto" && isSlowModel(model.value);
}

/** Previews off, or on again; a slow model's come only because the person wants them. */
export function togglePreviews({ hoverPreview, previewing, model }: Store): void {
  if (previewing.value) hoverPreview.value = "off";
  else hoverPreview.value = isSlowModel(model.value) ? "on" : "auto";
}

function editingSignals(): Pick<Store, "brushRadius" | "subtracting" | "editingOpen"> {
  return {
    brushRadius: signal<number | null>(null),
    subtracting: signal(false),
    editingOpen: signal(false),
  };
}

export { batch };
