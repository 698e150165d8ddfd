// The contract of a layer: one canvas of the stack, drawn again when what it watches has changed.

import type { Size, Transform } from "../../geometry/viewport";

/** What every layer is drawn to. */
export interface Frame {
  readonly image: Size;
  /** CSS pixels. */
  readonly stage: Size;
  /** Device pixels: the canvases' own size. */
  readonly backing: Size;
  /** Image to CSS pixels of the stage. */
  readonly transform: Transform;
  /** Image to device pixels of the canvases. */
  readonly device: Transform;
  /** Device pixels per CSS pixel, for the widths of lines and the sizes of marks. */
  readonly pixelRatio: number;
}

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

export function makeFrame(image: Size, stage: Size, backing: Size, transform: Transform): Frame {
  const scaleX = backing.width / stage.width;
  const scaleY = backing.height / stage.height;
  const device = {
    a: transform.a * scaleX,
    d: transform.d * scaleY,
    e: transform.e * scaleX,
    f: transform.f * scaleY,
  };
  return { image, stage, backing, transform, device, pixelRatio: (scaleX + scaleY) / 2 };
}
