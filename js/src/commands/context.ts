// What commands work on: the state of a view, what it can ask of the kernel, and its stage's gesture.

import type { Interaction } from "../state/interaction";
import type { Store } from "../state/store";
import type { Actions } from "../wire/actions";

/** What a view has. Panels take it as their properties. */
export interface ViewContext {
  readonly store: Store;
  readonly actions: Actions;
}

/** With the gesture that is under way on the stage. */
export interface CommandContext extends ViewContext {
  readonly interaction: Interaction;
}
