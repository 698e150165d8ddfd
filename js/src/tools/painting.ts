// Strokes, shared by the brush and the eraser: each is the other with Alt or the right button.

import { asSent, demandTarget } from "../commands/editing";
import { brushRadiusOf } from "../state/brush";
import type { Drag, Tool } from "./tool";
import { Trail } from "./trail";

const NOTHING: Drag = { move: () => undefined, up: () => undefined, cancel: () => undefined };

export function painting(name: "brush" | "eraser"): Tool {
  return {
    name,
    edits: true,

    down(press, context) {
      const { store, actions, interaction, transform } = context;
      const target = demandTarget(store);
      if (target === null) return NOTHING;
      const erase = (name === "eraser") !== press.exclude;
      const radius = brushRadiusOf(store);
      const trail = new Trail(interaction, { kind: erase ? "erase" : "brush", radius }, transform);
      trail.add(press);
      return {
        move: (sample) => trail.add(sample),
        up(sample) {
          trail.add(sample);
          const points = asSent(trail.end(), transform());
          if (erase) actions.erase(points, radius, target.id);
          else actions.brush(points, radius, target.id);
        },
        cancel() {
          trail.end();
        },
      };
    },

    // The circle that shows the radius is the cursor; see stage/layers/edit.ts.
    cursor: () => "none",
  };
}
