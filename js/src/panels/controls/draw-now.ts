// Drawing that must not wait: what is typed next is meant for a field that is about to appear.

import { options } from "preact";

/** Draw what `change` changes before this returns, even while panels wait for a mask. */
export function drawNow(change: () => void): void {
  const { debounceRendering } = options;
  options.debounceRendering = (update) => update();
  try {
    change();
  } finally {
    if (debounceRendering) options.debounceRendering = debounceRendering;
    // biome-ignore lint/performance/noDelete: Preact asks whether it is there.
    else delete options.debounceRendering;
  }
}
