// Traits to the store: Python's state as every view mirrors it.

import type { AnyModel } from "@anywidget/types";
import { batch } from "@preact/signals-core";
import type { AnswerState, Candidate, Traits, WireAnswer } from "../protocol";
import type { Store } from "../state/store";

export type Model = AnyModel<Traits & Record<string, unknown>>;

export const MIRRORED = [
  "image_state",
  "document",
  "answer",
  "status",
  "problem",
  "model_info",
  "labels",
  "offered_labels",
  "label_colors",
  "accept_on_label",
  "series_state",
] as const satisfies readonly (keyof Traits)[];

/**
 * Read every trait: the manager sets all that changed before the first event, so one event reads
 * them all. True if the kernel has become ready.
 */
export function mirrorTraits(model: Model, store: Store): boolean {
  const { kernelStatus } = store;
  const { value: before } = kernelStatus;
  batch(() => {
    const imageBefore = store.image.value?.id;
    const image = model.get("image_state");
    store.image.value = image.id === "" ? null : image;
    if (store.image.value?.id !== imageBefore) {
      store.preview.value = null;
      store.foreseen.value = null;
    }
    store.document.value = model.get("document");
    store.answer.value = unpackAnswer(model.get("answer"));
    kernelStatus.value = model.get("status");
    store.problem.value = model.get("problem") ?? null;
    store.model.value = model.get("model_info");
    store.labels.value = model.get("labels");
    store.offeredLabels.value = model.get("offered_labels") ?? [];
    store.series.value = model.get("series_state") ?? null;
    store.labelColors.value = model.get("label_colors") ?? {};
    mirrorAcceptOnLabel(store, model.get("accept_on_label") ?? false);
  });
  return kernelStatus.value === "ready" && ["loading", "encoding"].includes(before);
}

/** Unpacked answers by what came: one that is read twice stays the same. */
const unpacked = new WeakMap<WireAnswer, AnswerState>();

function unpackAnswer(wire: WireAnswer): AnswerState {
  const known = unpacked.get(wire);
  if (known) return known;
  const { masks, candidates, ...rest } = wire;
  let start = masks.byteOffset;
  const answer = {
    ...rest,
    candidates: candidates.map(({ bytes, ...figures }): Candidate => {
      const rle = new DataView(masks.buffer, start, bytes);
      start += bytes;
      return { ...figures, rle };
    }),
  };
  unpacked.set(wire, answer);
  return answer;
}

/** The person's choice holds until Python says something new. */
function mirrorAcceptOnLabel(store: Store, wish: boolean): void {
  if (store.acceptOnLabelWish.value === wish) return;
  store.acceptOnLabelWish.value = wish;
  store.acceptOnLabelChoice.value = null;
}
