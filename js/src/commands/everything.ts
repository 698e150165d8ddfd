// Everything mode, from the toolbar, its panel and by key alike.

import type { Store } from "../state/store";
import type { ViewContext } from "./context";

/** Open or close everything mode; its tool goes with it. */
export function toggleEverything({ store, actions }: ViewContext): void {
  const mode = store.everything;
  mode.open.value = !mode.open.value;
  store.tool.value = mode.open.value ? "everything" : "point";
  if (mode.open.value && mode.run.value === 0) actions.everything.list();
}

/** Whether masks are selected that Enter would keep. */
export function isKeepable({ tool, everything }: Store): boolean {
  return tool.value === "everything" && everything.selected.value.size > 0;
}

/** Accept the selected masks as objects under the current label. */
export function keepSelected({ store, actions }: ViewContext): void {
  const { selected } = store.everything;
  if (selected.value.size > 0) actions.everything.keep([...selected.value], store.label.value);
  selected.value = new Set();
}

/** The same for all masks that stay. */
export function keepAll({ store, actions }: ViewContext): void {
  const { kept, selected } = store.everything;
  if (kept.value.length > 0) actions.everything.keep(null, store.label.value);
  selected.value = new Set();
}
