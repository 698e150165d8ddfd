// What Delete does: the prompt at hand goes, or what there is instead of one.

import { shownPrompts } from "../state/optimistic";
import { deleteSelected } from "./annotations";
import type { CommandContext } from "./context";

/** The prompt under the pointer or the last, a polygon's last corner, or the selected annotations. */
export function deletePrompt(context: CommandContext): void {
  const { store, actions, interaction } = context;
  const { polygon } = interaction;
  if (polygon.value.length > 0) {
    polygon.value = polygon.value.slice(0, -2);
    return;
  }
  if (store.tool.value === "select" && store.selectedIds.value.size > 0) {
    deleteSelected(context);
    return;
  }
  const { prompts } = store.document.value;
  const { points, box } = shownPrompts(prompts, store.pending.value);
  const active = store.activePrompt.value;
  store.activePrompt.value = null;
  if (active?.kind === "point" && active.index < points.length) actions.removePoint(active.index);
  else if (active?.kind === "box" && box) actions.removeBox();
  else if (points.length > 0) actions.removePoint(points.length - 1);
  else if (box) actions.removeBox();
  else if (prompts.has_mask) actions.removeMask();
  else deleteSelected(context);
}
