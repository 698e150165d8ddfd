// Strokes, shared by the brush and the eraser: each is the other with Alt or the right button.

import { asSent, demandTarget } from "../commands/editing";
import { stageToImage, type Transform } from "../geometry/viewport";
import { brushRadiusOf } from "../state/brush";
import type { Interaction, Stroke } from "../state/interaction";
import type { Drag, Sample, Tool, ToolContext } from "./tool";

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

    // The circle that shows the radius is the cursor; see layers/edit.ts.
    cursor: () => "none",
  };
}

/** Where the pointer has been, in image pixels, shown while it grows. */
export class Trail {
  readonly #interaction: Interaction;
  readonly #stroke: Omit<Stroke, "points">;
  readonly #transform: ToolContext["transform"];
  readonly #points: number[] = [];

  constructor(
    interaction: Interaction,
    stroke: Omit<Stroke, "points">,
    transform: () => Transform,
  ) {
    this.#interaction = interaction;
    this.#stroke = stroke;
    this.#transform = transform;
  }

  add(sample: Sample): void {
    // Beyond the image, too: a stroke leaves it and does not run along its border.
    const { x, y } = stageToImage(this.#transform(), sample.stage);
    const points = this.#points;
    if (points.at(-2) === x && points.at(-1) === y) return;
    points.push(x, y);
    this.#interaction.stroke.value = { ...this.#stroke, points };
  }

  end(): readonly number[] {
    this.#interaction.stroke.value = null;
    return this.#points;
  }
}
