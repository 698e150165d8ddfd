// Which mask of everything mode the pointer is over.

import { masksAt } from "../state/everything";
import type { Store } from "../state/store";

/** Keep `hovered` at the mask under the pointer, while the tool that points at masks is active. */
export function followEverythingHover(store: Store): () => void {
  const mode = store.everything;
  let frame = 0;
  const look = (): void => {
    frame = 0;
    const point = store.tool.peek() === "everything" ? store.hover.peek() : null;
    const image = store.image.peek();
    mode.hovered.value = point && image ? (masksAt(mode, image, point)[0] ?? null) : null;
  };
  const stop = store.hover.subscribe(() => {
    if (frame === 0) frame = requestAnimationFrame(look);
  });
  return () => {
    stop();
    cancelAnimationFrame(frame);
  };
}
