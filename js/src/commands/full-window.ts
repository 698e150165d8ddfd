// The widget alone in the window, from the toolbar and by key alike.

import type { Store } from "../state/store";

export function toggleFullWindow({ layout }: Store): void {
  layout.fullWindow.value = !layout.fullWindow.value;
}
