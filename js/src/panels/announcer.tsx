// Tells screen readers what a sighted person sees after each committed answer.

import { useComputed } from "@preact/signals";
import type { Store } from "../state/store";
import { candidateName } from "./candidates";
import { formatCount, formatScore } from "./controls/format";

export function Announcer({ store }: { store: Store }) {
  const text = useComputed(() => announcement(store));
  return (
    <div class="sam-hidden" role="status" aria-live="polite" data-testid="announcer">
      {text.value}
    </div>
  );
}

/** The last committed answer in a sentence; "" before the first. */
export function announcement(store: Store): string {
  const { candidates, selected, revision } = store.answer.value;
  if (revision === 0) return "";
  const count = candidates.length;
  if (count === 0) return "No mask: there are no prompts.";
  if (candidates[selected]?.score === null) return `${formatCount(count, "mask")}, drawn by hand.`;
  const best = formatScore(Math.max(...candidates.map((candidate) => candidate.score ?? 0)));
  const chosen = candidates[selected];
  const which =
    count > 1
      ? ` Mask ${selected + 1} of ${count} selected, the ${candidateName(selected, count).toLowerCase()}, predicted IoU ${formatScore(chosen?.score ?? 0)}.`
      : "";
  return `${formatCount(count, "mask")}, best predicted IoU ${best}.${which}`;
}
