// Which label a new view begins with: of those that the widget was made with the first, or the one
// that was chosen last, before the page was loaded again or the cell was run again.

import { effect } from "@preact/signals-core";
import type { Store } from "./store";

/** As Storage of the browser. */
export interface Memory {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** Keep it up until what is returned is called. Without a memory each view begins anew. */
export function keepChosenLabel(store: Store, memory: Memory | null): () => void {
  const { offeredLabels, labels, label } = store;
  let begun = false;
  return effect(() => {
    const [first] = offeredLabels.value;
    if (first === undefined) return;
    // Widgets with the same labels share what was chosen; nothing else tells them from one another.
    const key = `sam-widget label ${JSON.stringify(offeredLabels.value)}`;
    if (!begun) {
      begun = true;
      const last = memory?.getItem(key) ?? first;
      const known = last === "" || labels.peek().includes(last);
      if (label.peek() === "") label.value = known ? last : first;
    }
    memory?.setItem(key, label.value);
  });
}
