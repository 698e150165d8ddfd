// View state of one rendered view (tool, hover, zoom) and read-only mirrors of Python's traits.
// Only wire/ writes the mirrors; nothing here is ever synced back.

import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { type EncodedMask, isSameMask } from "../geometry/rle";
import { type Stage, type View, WHOLE_IMAGE } from "../geometry/viewport";
import type {
  AnswerState,
  DocumentState,
  ImageState,
  ModelInfo,
  Problem,
  SeriesState,
  Status,
} from "../protocol";
import type { Gesture } from "../protocol.generated";
import { type AnnotationFilter, EVERY_ANNOTATION, type SceneAnnotation } from "./annotations";
import { EMPTY_DOCUMENT, NO_ANSWER } from "./document";
import { createEverything, type EverythingMode } from "./everything";
import { createExporting, type Exporting } from "./export/exporting";
import type { Finished } from "./finished";
import { type Foreseen, isSlowModel, type Preview, type PreviewChoice } from "./hover-preview";
import { createLayout, type Layout } from "./layout";
import { answerOnScreen, isAsking, shownAnnotations } from "./optimistic";

export type ToolName = "point" | "box" | "pan" | "select" | "everything" | EditToolName;
export type EditToolName = "brush" | "eraser" | "polygon" | "cut";
/** `absent`: there has been no kernel since the page was opened, which shows a saved state. */
export type ConnectionState = "live" | "busy" | "lost" | "absent";

/** A short message for the person; `assertive` ones interrupt a screen reader. */
export interface Notice {
  text: string;
  hint: string;
  kind: "info" | "error";
}

export interface Store {
  // Mirrors of Python's state.
  readonly image: Signal<ImageState | null>;
  readonly document: Signal<DocumentState>;
  readonly answer: Signal<AnswerState>;
  readonly kernelStatus: Signal<Status>;
  readonly problem: Signal<Problem | null>;
  readonly model: Signal<ModelInfo>;
  readonly labels: Signal<readonly string[]>;
  /** Those that the widget was made with; none if it was made without. */
  readonly offeredLabels: Signal<readonly string[]>;
  readonly labelColors: Signal<Readonly<Record<string, string>>>;
  /** Whether a label that is chosen accepts the mask on screen: Python's wish, and this view's. */
  readonly acceptOnLabelWish: Signal<boolean>;
  readonly acceptOnLabelChoice: Signal<boolean | null>;
  readonly acceptOnLabel: ReadonlySignal<boolean>;
  readonly confirmedAnnotations: Signal<readonly SceneAnnotation[]>;
  readonly preview: Signal<Preview | null>;
  /** The newest preview, also when none is to be shown any more: a click may have come there. */
  readonly foreseen: Signal<Foreseen | null>;
  readonly series: Signal<SeriesState | null>;
  // What this view is waiting for.
  /** Image of the series that is being opened; until it is there nothing else can be done. */
  readonly opening: Signal<number | null>;
  readonly connection: Signal<ConnectionState>;
  /** Whether answers are pushed along, see wire/answer-delay.ts; null until that is known. */
  readonly pushing: Signal<boolean | null>;
  /** Gestures sent and not yet acknowledged, oldest first: drawn at once as provisional marks. */
  readonly pending: Signal<readonly Gesture[]>;
  /** The answer as a person should see it: Python's, or until that comes what is known of it. */
  readonly shownAnswer: ReadonlySignal<AnswerState>;
  /** Its chosen mask: the same object as long as it is the same mask, so it is painted once. */
  readonly shownMask: ReadonlySignal<EncodedMask | null>;
  /** Accepted annotations as a person should see them: Python's, and what has been done since. */
  readonly annotations: ReadonlySignal<readonly SceneAnnotation[]>;
  /** Newest document version this view knows was applied for it. */
  readonly awaitedVersion: Signal<number>;
  /** Revision of the answer last painted, and of the preview. The renderer writes them. */
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
  readonly stageSize: Signal<Stage>;
  readonly opacity: Signal<number>;
  readonly outline: Signal<boolean>;
  /** How the picture looks, 1 as it was taken; its pixels stay as they are. */
  readonly brightness: Signal<number>;
  readonly contrast: Signal<number>;
  /** Brush radius in image pixels; null until the person chooses, then it follows the image. */
  readonly brushRadius: Signal<number | null>;
  /** Whether a polygon takes pixels away. */
  readonly subtracting: Signal<boolean>;
  /** Whether the editing panel shows more than its head. */
  readonly editingOpen: Signal<boolean>;
  /** The candidate that is pointed at in its panel, of the answer with this revision. */
  readonly peeked: Signal<{ readonly revision: number; readonly index: number } | null>;
  /** Whether figures are shown beside words: predicted IoU, stability, area. */
  readonly figures: Signal<boolean>;
  readonly previewChoice: Signal<PreviewChoice>;
  /** Whether masks are previewed under the pointer, by that choice and the model's speed. */
  readonly previewing: ReadonlySignal<boolean>;
  readonly helpOpen: Signal<boolean>;
  /** Label that Enter accepts under; "" means none. */
  readonly label: Signal<string>;
  /** Object highlighted from the list or under the pointer. */
  readonly highlighted: Signal<string | null>;
  /** Ids of the annotations that the next action on annotations is for. */
  readonly selectedIds: Signal<ReadonlySet<string>>;
  /** What the list of annotations shows: labels that hold the text; one label alone, "" being none. */
  readonly annotationFilter: Signal<AnnotationFilter>;
  readonly notice: Signal<Notice | null>;
  /** The last thing that Python has done for this view. */
  readonly finished: Signal<Finished | null>;
  readonly everything: EverythingMode;
  readonly layout: Layout;
  readonly exporting: Exporting;
}

export function createStore(): Store {
  const model = signal<ModelInfo>({ name: "", device: "", encode_ms: null, decode_ms: null });
  const previewChoice = signal<PreviewChoice>("auto");
  const previewing = computed(
    () =>
      previewChoice.value === "on" || (previewChoice.value === "auto" && !isSlowModel(model.value)),
  );
  const pending = signal<readonly Gesture[]>([]);
  return {
    image: signal<ImageState | null>(null),
    problem: signal<Problem | null>(null),
    model,
    ...createAnswerSignals(pending),
    ...createAnnotationSignals(pending),
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
    previewChoice,
    previewing,
    helpOpen: signal(false),
    label: signal(""),
    notice: signal<Notice | null>(null),
    finished: signal<Finished | null>(null),
    everything: createEverything(),
    layout: createLayout(),
    exporting: createExporting(),
  };
}

/** What has been asked and answered, and how far the one is behind the other. */
function createAnswerSignals(pending: Signal<readonly Gesture[]>) {
  const document = signal<DocumentState>(EMPTY_DOCUMENT);
  const answer = signal<AnswerState>(NO_ANSWER);
  const kernelStatus = signal<Status>("loading");
  const awaitedVersion = signal(0);
  const paintedRevision = signal(0);
  const status = computed<Status>(() => {
    const waiting = pending.value.length > 0;
    if (waiting) return "predicting";
    if (kernelStatus.value !== "ready") return kernelStatus.value;
    const answered = answer.value.version >= awaitedVersion.value;
    const painted = paintedRevision.value >= answer.value.revision;
    return answered && painted ? "ready" : "predicting";
  });
  const awaiting = computed(
    () =>
      status.value === "predicting" &&
      (isAsking(pending.value) || answer.value.version < awaitedVersion.value),
  );
  const foreseen = signal<Foreseen | null>(null);
  const shownAnswer = computed(() =>
    awaiting.value
      ? answerOnScreen(answer.value, foreseen.value, document.value, pending.value)
      : answer.value,
  );
  let latest: EncodedMask | null = null;
  const shownMask = computed(() => {
    const chosen = chosenMask(shownAnswer.value);
    if (!(latest && chosen && isSameMask(latest, chosen))) latest = chosen;
    return latest;
  });
  return {
    document,
    answer,
    kernelStatus,
    awaitedVersion,
    paintedRevision,
    status,
    awaiting,
    foreseen,
    shownAnswer,
    shownMask,
  };
}

function chosenMask(answer: AnswerState): EncodedMask | null {
  const { candidates, selected, width, height } = answer;
  const chosen = candidates[selected];
  return chosen ? { rle: chosen.rle, width, height } : null;
}

function createViewSignals() {
  return {
    tool: signal<ToolName>("point"),
    hover: signal<{ x: number; y: number } | null>(null),
    activePrompt: signal<{ kind: "point"; index: number } | { kind: "box" } | null>(null),
    view: signal<View>(WHOLE_IMAGE),
    stageSize: signal<Stage>({ width: 0, height: 0 }),
    opacity: signal(0.5),
    outline: signal(true),
    brightness: signal(1),
    contrast: signal(1),
    peeked: signal<{ readonly revision: number; readonly index: number } | null>(null),
    figures: signal(false),
  };
}

function createAnnotationSignals(pending: Signal<readonly Gesture[]>) {
  const confirmedAnnotations = signal<readonly SceneAnnotation[]>([]);
  const labelColors = signal<Readonly<Record<string, string>>>({});
  const acceptOnLabelWish = signal(false);
  const acceptOnLabelChoice = signal<boolean | null>(null);
  return {
    acceptOnLabelWish,
    acceptOnLabelChoice,
    acceptOnLabel: computed(() => acceptOnLabelChoice.value ?? acceptOnLabelWish.value),
    labels: signal<readonly string[]>([]),
    offeredLabels: signal<readonly string[]>([]),
    labelColors,
    confirmedAnnotations,
    annotations: computed(() =>
      shownAnnotations(confirmedAnnotations.value, pending.value, labelColors.value),
    ),
    highlighted: signal<string | null>(null),
    selectedIds: signal<ReadonlySet<string>>(new Set()),
    annotationFilter: signal<AnnotationFilter>(EVERY_ANNOTATION),
  };
}

function editingSignals(): Pick<Store, "brushRadius" | "subtracting" | "editingOpen"> {
  return {
    brushRadius: signal<number | null>(null),
    subtracting: signal(false),
    editingOpen: signal(false),
  };
}
