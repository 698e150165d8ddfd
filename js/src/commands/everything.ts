// Everything mode, from the toolbar, its panel and by key alike.

import type { ViewContext } from "./context";

/** Open or close everything mode; its tool goes with it. */
export function toggleEverything({ store, actions }: ViewContext): void {
  const mode = store.everything;
  mode.open.value = !mode.open.value;
  store.tool.value = mode.open.value ? "everything" : "point";
  if (mode.open.value && mode.run.value === 0) actions.everything.list();
}
