// A mask on its way to the screen goes before the panels. They would be drawn in the same frame,
// and the mask would be seen when they are done; so they wait until that frame has ended.

import { options } from "preact";

const PATIENCE_MS = 150;

/** Canvases with an answer to draw, or to wait for. */
let drawing = 0;
let waiting: (() => void)[] = [];

/** Panels wait from now on, until what is returned is called in the frame that drew the answer. */
export function holdPanels(): () => void {
  drawing += 1;
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    afterFrame(() => {
      drawing -= 1;
      if (drawing === 0) releasePanels();
    });
  };
}

/** The same for as long as an answer may be waited for without a word; longer is worth one. */
export function holdPanelsAwhile(): () => void {
  const release = holdPanels();
  const timer = setTimeout(release, PATIENCE_MS);
  return () => {
    clearTimeout(timer);
    release();
  };
}

function releasePanels(): void {
  const ready = waiting;
  waiting = [];
  for (const update of ready) update();
}

/** A frame ends before the next task of the page. */
function afterFrame(callback: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    callback();
  };
  port2.postMessage(null);
}

// Preact asks this when to update what has changed; usually, too, when the present task is over.
options.debounceRendering = (update) => {
  queueMicrotask(() => {
    // A page that nobody looks at has no frames.
    if (drawing > 0 && !globalThis.document.hidden) waiting.push(update);
    else update();
  });
};
