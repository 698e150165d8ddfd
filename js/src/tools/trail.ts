// The line that a brush, an eraser or a knife draws, shown while it grows.

import { stageToImage, type Transform } from "../geometry/viewport";
import type { Interaction, Stroke } from "../state/interaction";
import type { Sample, ToolContext } from "./tool";

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
