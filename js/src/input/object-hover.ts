// Which object stands out because a click would select it.

import { effect, untracked } from "@preact/signals-core";
import type { CommandContext } from "../commands/context";
import { idsAt } from "../state/selectors";

/** Keep the object under the pointer or the crosshair highlighted, while clicks select objects. */
export function followObjectHover({ store, interaction }: CommandContext): () => void {
  /** What this has highlighted; the list of objects does so, too. */
  let own: string | null = null;
  let frame = 0;
  const highlight = (id: string | null): void => {
    const { highlighted } = store;
    if (id !== null) highlighted.value = id;
    else if (own !== null && highlighted.peek() === own) highlighted.value = null;
    own = id;
  };
  const wanted = (): string | null => {
    const selecting = store.tool.value === "select" || interaction.picking.value;
    const point = interaction.crosshair.value ?? store.hover.value;
    return selecting && point ? (idsAt(store, point)[0] ?? null) : null;
  };
  const look = (): void => {
    frame = 0;
    highlight(untracked(wanted));
  };
  const stop = effect(() => {
    const { hover, tool, annotations } = store;
    const { crosshair, picking } = interaction;
    const changed = [hover.value, crosshair.value, annotations.value].length > 0;
    const selecting = tool.value === "select" || picking.value;
    // Once a frame is enough: a pointer moves more often.
    if (changed && (selecting || own !== null) && frame === 0) frame = requestAnimationFrame(look);
  });
  return () => {
    stop();
    cancelAnimationFrame(frame);
  };
}
