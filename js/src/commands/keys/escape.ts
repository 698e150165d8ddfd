// What Escape takes back: the latest thing first, one at a time.

import { effect } from "@preact/signals-core";
import { isReopened } from "../../state/selectors";
import type { CommandContext } from "../context";
import { toggleEverything } from "../everything";

/** Something that a person has begun or chosen, and can let go of. */
export interface Step {
  readonly name: string;
  /** What there is to let go of; null if nothing. Another value is a later one. */
  readonly state: (context: CommandContext) => unknown;
  readonly cancel: (context: CommandContext) => void;
}

/** In this order, where it is not known which is the latest. */
export const STEPS: readonly Step[] = [
  {
    name: "help",
    state: ({ store }) => store.helpOpen.value || null,
    cancel: ({ store }) => {
      store.helpOpen.value = false;
    },
  },
  {
    name: "export menu",
    state: ({ store }) => store.exporting.menuOpen.value || null,
    cancel: ({ store }) => {
      store.exporting.menuOpen.value = false;
    },
  },
  {
    name: "polygon",
    state: ({ interaction }) => ifAny(interaction.polygon.value, interaction.polygon.value.length),
    cancel: ({ interaction }) => {
      interaction.polygon.value = [];
    },
  },
  {
    name: "box corner",
    state: ({ interaction }) => interaction.anchor.value,
    cancel: ({ interaction }) => {
      interaction.anchor.value = null;
    },
  },
  {
    name: "crosshair",
    state: ({ interaction }) => interaction.crosshair.value,
    cancel: ({ interaction }) => {
      interaction.crosshair.value = null;
    },
  },
  {
    name: "prompt",
    // One that is merely under the pointer is not chosen.
    state: ({ store }) => (store.hover.value === null ? store.activePrompt.value : null),
    cancel: ({ store }) => {
      store.activePrompt.value = null;
    },
  },
  {
    name: "found masks",
    state: ({ store }) => {
      const { open, selected } = store.everything;
      return open.value ? ifAny(selected.value, selected.value.size) : null;
    },
    cancel: ({ store }) => {
      store.everything.selected.value = new Set();
    },
  },
  {
    name: "region",
    state: ({ store }) => (store.everything.open.value ? store.everything.region.value : null),
    cancel: ({ store }) => {
      store.everything.region.value = null;
    },
  },
  {
    name: "objects",
    state: ({ store }) => ifAny(store.selectedIds.value, store.selectedIds.value.size),
    cancel: ({ store }) => {
      store.selectedIds.value = new Set();
    },
  },
  {
    name: "reopened",
    state: ({ store }) => isReopened(store) || null,
    // The object stays as it was before.
    cancel: ({ actions }) => actions.clear(),
  },
  {
    name: "everything",
    state: ({ store }) => store.everything.open.value || null,
    cancel: toggleEverything,
  },
  {
    name: "export result",
    state: ({ store }) => store.exporting.result.value,
    cancel: ({ store }) => {
      store.exporting.result.value = null;
    },
  },
  {
    name: "full window",
    state: ({ store }) => store.layout.fullWindow.value || null,
    cancel: ({ store }) => {
      store.layout.fullWindow.value = false;
    },
  },
];

export interface Steps {
  /** Lets go of the latest thing; false if there is nothing. */
  readonly stepBack: () => boolean;
  readonly stop: () => void;
}

/** Notes in which order things are begun, until it is stopped. */
export function watchSteps(context: CommandContext): Steps {
  let clock = 0;
  const since = new Map<Step, number>();
  const stops = STEPS.map((step) =>
    effect(() => {
      if (step.state(context) === null) since.delete(step);
      else {
        clock += 1;
        since.set(step, clock);
      }
    }),
  );
  return {
    stepBack: () => {
      // What is drawn or dragged at this moment is later than all else.
      if (context.interaction.cancelDrag()) return true;
      const [latest] = [...since].sort(([, a], [, b]) => b - a)[0] ?? [];
      latest?.cancel(context);
      return latest !== undefined;
    },
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}

function ifAny<State>(state: State, count: number): State | null {
  return count > 0 ? state : null;
}
