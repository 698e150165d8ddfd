// Cuts the selected annotation along a line drawn across it.

import { asSent, demandTarget } from "../commands/editing";
import type { Tool } from "./tool";
import { Trail } from "./trail";

const NOTHING = (): void => undefined;

export const cutTool: Tool = {
  name: "cut",
  edits: true,

  down(press, { store, actions, interaction, transform }) {
    const target = demandTarget(store);
    const id = target?.id;
    if (target && !id) {
      store.notice.value = {
        kind: "error",
        text: "Only accepted objects can be cut.",
        hint: "Accept the mask first, or select an object in the list.",
      };
    }
    if (!id) return { move: NOTHING, up: NOTHING, cancel: NOTHING };
    const trail = new Trail(interaction, { kind: "cut", radius: 0 }, transform);
    trail.add(press);
    return {
      move: (sample) => trail.add(sample),
      up(sample) {
        trail.add(sample);
        const line = asSent(trail.end(), transform());
        if (sample.travelled) actions.split(id, line);
      },
      cancel() {
        trail.end();
      },
    };
  },

  cursor: () => "crosshair",
};
