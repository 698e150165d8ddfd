// What a canvas is drawn to: the image, the stage, and the canvas's own device pixels; pure.

import type { Size, Transform } from "./viewport";

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
