// The contract of a layer: one canvas of the stack, drawn again when what it watches has changed.

import type { Frame } from "../../geometry/frame";

export interface Layer {
  readonly name: string;
  /**
   * Reads every signal that `draw` depends on, the frame aside. Null says that there is nothing to
   * draw: the canvas is cleared once and then left alone. Anything else it returns is of no use.
   */
  watch(): unknown;
  /** Draws on a cleared canvas. True asks for another frame because work is left. */
  draw(context: CanvasRenderingContext2D, frame: Frame): boolean;
}
