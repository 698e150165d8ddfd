// What came of every action, in a sentence, for who does not see it. Errors are said by the notices.

import { effect } from "@preact/signals-core";
import type { AnnotationChange } from "../protocol.generated";
import { brushRadiusOf } from "../state/brush";
import type { Finished } from "../state/finished";
import type { Interaction } from "../state/interaction";
import type { Store, ToolName } from "../state/store";
import { candidateName } from "./candidates";
import { formatCount, formatScore } from "./controls/format";

type What = Finished["what"];
/** "" where what changes is said otherwise. */
type Words = {
  [Type in What["type"]]: (what: Extract<What, { type: Type }>, store: Store) => string;
};

const nothing = () => "";
/** New prompts are answered, and the answer is said. */
const answered = nothing;

/** When Python has done it. */
const DONE: Words = {
  add_point: answered,
  move_point: () => "Point moved.",
  remove_point: () => "Point removed.",
  set_box: answered,
  remove_box: () => "Box removed.",
  set_mask_from: ({ annotation_id }, store) => `${nameOf(store, annotation_id)} is a mask prompt.`,
  remove_mask: () => "Mask prompt removed.",
  set_multimask: ({ value }) =>
    value === null ? "As many masks as suit." : `Always ${value ? "three masks" : "one mask"}.`,
  choose: answered,
  clear: () => "Prompts cleared.",
  undo: () => "Undone.",
  redo: () => "Redone.",
  brush: () => "Painted.",
  erase: () => "Erased.",
  add_polygon: () => "Polygon added.",
  subtract_polygon: () => "Polygon taken away.",
  fill_holes: () => "Holes filled.",
  drop_islands: () => "Islands dropped.",
  smooth: () => "Smoothed.",
  split: (_, store) => `Split, ${objects(store)}.`,
  merge: (_, store) => `Merged, ${objects(store)}.`,
  accept: ({ label }, store) =>
    `Accepted ${label ? `as ${label}` : "without a label"}, ${objects(store)}.`,
  update_annotation: (change, store) => changed(change, nameOf(store, change.annotation_id)),
  update_annotations: (change) => changed(change, formatCount(change.ids.length, "object")),
  remove_annotation: (_, store) => `Deleted, ${objects(store)} left.`,
  remove_annotations: ({ ids }, store) =>
    `${formatCount(ids.length, "object")} deleted, ${objects(store)} left.`,
  duplicate_annotation: (_, store) => `Duplicated, ${objects(store)}.`,
  reopen: ({ annotation_id }, store) =>
    `${nameOf(store, annotation_id)} is open again. Accepting replaces it.`,
  show_only: ({ ids }) => `Only ${formatCount(ids.length, "object")} shown.`,
  add_label: ({ label }) => `Label ${label} added.`,
  rename_label: ({ label, to }) => `Label ${label} is now ${to}.`,
  recolor_label: ({ label }) => `Colour of ${label} changed.`,
  remove_label: ({ label }) => `Label ${label} removed.`,
  // The series says itself which image it has come to.
  go_to: nothing,
  mark: ({ status }) => (status === "todo" ? "To do again." : `Marked as ${status}.`),
  everything_run: () => "Finding all masks.",
  everything_cancel: () => "Stopped.",
  everything_filter: (_, { everything }) =>
    `${formatCount(everything.kept.value.length, "mask")} stay.`,
  everything_keep: ({ label }, store) =>
    `Kept ${label ? `as ${label}` : "without a label"}, ${objects(store)}.`,
  everything_list: nothing,
};

const TOOLS: Readonly<Record<ToolName, string>> = {
  point: "Point tool",
  box: "Box tool",
  pan: "Pan tool",
  select: "Select tool",
  everything: "Tool for found masks",
  brush: "Brush",
  eraser: "Eraser",
  polygon: "Polygon tool",
  cut: "Knife",
};

/** What this view is set to, said when it changes. */
const SETTINGS: readonly ((store: Store, interaction: Interaction) => string)[] = [
  ({ tool }) => `${TOOLS[tool.value]}.`,
  ({ label, labels }) => labelInWords(label.value, labels.value),
  ({ everything }) => (everything.open.value ? "Everything mode." : "Everything mode closed."),
  ({ everything }) => foundInWords(everything),
  ({ everything }) => selectedInWords(everything.selected.value.size, "mask"),
  ({ selectedIds }) => selectedInWords(selectedIds.value.size, "object"),
  ({ outline }) => `Outline ${outline.value ? "on" : "off"}.`,
  ({ previewing }) => `Previews ${previewing.value ? "on" : "off"}.`,
  ({ opacity }) => `Opacity ${Math.round(100 * opacity.value)} %.`,
  (store) => (store.brushRadius.value === null ? "" : `Brush radius ${brushRadiusOf(store)}.`),
  ({ subtracting }) => `The polygon ${subtracting.value ? "takes away" : "adds"}.`,
  ({ view }) => `Zoom ${Math.round(100 * view.value.zoom)} %.`,
  ({ layout }) => `Full window ${layout.fullWindow.value ? "on" : "off"}.`,
  ({ helpOpen }) => (helpOpen.value ? "" : "Help closed."),
  ({ activePrompt }) => {
    const { value: active } = activePrompt;
    if (active === null) return "";
    return active.kind === "box" ? "Box selected." : `Point ${active.index + 1} selected.`;
  },
  (_, { polygon }) => {
    const corners = polygon.value.length / 2;
    return corners === 0 ? "" : `Polygon of ${formatCount(corners, "corner")}.`;
  },
  (_, { anchor }) => (anchor.value === null ? "" : "First corner set."),
];

/** Says what comes of every action, until what is returned is called. */
export function announceAll(
  store: Store,
  interaction: Interaction,
  say: (sentence: string) => void,
): () => void {
  const stops: (() => void)[] = SETTINGS.map((setting) => {
    let before: string | undefined;
    return effect(() => {
      const now = setting(store, interaction);
      if (before !== undefined && now !== before && now !== "") say(now);
      before = now;
    });
  });
  stops.push(
    effect(() => {
      const sentence = answerInWords(store);
      if (sentence !== "") say(sentence);
    }),
    store.finished.subscribe((finished) => {
      if (finished) say(finishedInWords(store, finished));
    }),
  );
  return () => {
    for (const stop of stops) stop();
  };
}

function finishedInWords(store: Store, { what, reopened }: Finished): string {
  if (what.type === "accept" && reopened !== null) {
    return `${nameOf(store, reopened)} replaced, ${objects(store)}.`;
  }
  const words = DONE[what.type] as (what: What, store: Store) => string;
  return words(what, store);
}

/** The last committed answer; "" without masks, for then what was done says why. */
function answerInWords(store: Store): string {
  const { candidates, selected } = store.answer.value;
  const count = candidates.length;
  if (count === 0) return "";
  if (candidates[selected]?.score === null) return `${formatCount(count, "mask")}, drawn by hand.`;
  const best = formatScore(Math.max(...candidates.map((candidate) => candidate.score ?? 0)));
  const chosen = candidates[selected];
  const which =
    count > 1
      ? ` Mask ${selected + 1} of ${count} selected, the ${candidateName(selected, count).toLowerCase()}, predicted IoU ${formatScore(chosen?.score ?? 0)}.`
      : "";
  return `${formatCount(count, "mask")}, best predicted IoU ${best}.${which}`;
}

/** While it is typed a label is nothing to be said. */
function labelInWords(label: string, labels: readonly string[]): string {
  if (label === "") return "No label.";
  return labels.includes(label) ? `Label ${label}.` : "";
}

function selectedInWords(count: number, noun: string): string {
  return `${count === 0 ? `No ${noun}` : formatCount(count, noun)} selected.`;
}

function foundInWords({ stage, kept, masks }: Store["everything"]): string {
  if (stage.value !== "finished") return "";
  return `Finished: ${kept.peek().length} of ${formatCount(masks.peek().length, "mask")} stay.`;
}

function changed({ label, color, visible }: AnnotationChange, who: string): string {
  if (label !== undefined) return `${who}: ${label ? `label ${label}` : "no label"}.`;
  if (color !== undefined) return `${who}: colour changed.`;
  return `${who} ${visible ? "shown" : "hidden"}.`;
}

function objects({ annotations }: Store): string {
  return formatCount(annotations.value.length, "object");
}

function nameOf({ annotations }: Store, id: string): string {
  return annotations.value.find((annotation) => annotation.id === id)?.label || "The object";
}
