// What Enter does.

import { hasMask } from "../state/selectors";
import type { CommandContext } from "./context";
import * as crosshair from "./crosshair";
import { closePolygon } from "./editing";
import { isKeepable, keepSelected } from "./everything";

/** Ends what is under way, a box by keyboard or a polygon; else it keeps or accepts. */
export function finishOrAccept(context: CommandContext): void {
  const { store, actions, interaction } = context;
  if (store.tool.value === "box" && interaction.crosshair.value) {
    crosshair.placeCorner(context);
  } else if (interaction.polygon.value.length > 0) {
    closePolygon(context);
  } else if (isKeepable(store)) {
    keepSelected(context);
  } else if (hasMask(store)) {
    actions.accept(store.label.value === "" ? null : store.label.value);
  }
}
