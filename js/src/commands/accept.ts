// What keys do that stands nowhere else: it depends on what is under way.

import type { Interaction } from "../state/interaction";
import { shownPrompts } from "../state/optimistic";
import type { Actions, Store } from "../state/store";
import * as crosshair from "./crosshair";
import { closePolygon, hasMask, stepRadius } from "./editing";
import { deleteSelected } from "./objects";

export interface ShortcutContext {
  readonly store: Store;
  readonly actions: Actions;
  readonly interaction: Interaction;
}

/** Enter ends what is under way, a box by keyboard or a polygon; anywhere else it accepts. */
export function acceptOrCorner(context: ShortcutContext): void {
  const { store, actions, interaction } = context;
  if (store.tool.value === "box" && interaction.crosshair.value) {
    crosshair.placeCorner(context);
  } else if (interaction.polygon.value.length > 0) {
    closePolygon(context);
  } else if (hasMask(store)) {
    actions.accept(store.label.value === "" ? null : store.label.value);
  }
}

export function deletePrompt({ store, actions, interaction }: ShortcutContext): void {
  const { polygon } = interaction;
  if (polygon.value.length > 0) {
    polygon.value = polygon.value.slice(0, -2);
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
  else deleteSelected(store, actions);
}

export function lessOrMore(store: Store, direction: 1 | -1): void {
  const painting = store.tool.value === "brush" || store.tool.value === "eraser";
  if (painting) stepRadius(store, direction);
  else changeOpacity(store, 0.1 * direction);
}

function changeOpacity(store: Store, step: number): void {
  const opacity = Math.min(Math.max(store.opacity.value + step, 0), 1);
  store.opacity.value = Math.round(opacity * 100) / 100;
}
