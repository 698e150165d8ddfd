// Boxes in image pixels: drawn from corner to corner, moved and resized; pure.

import { type Box, clampToImage, type Point, type Size, type Transform } from "./viewport";

/** The box of two opposite corners, in whatever order they come. */
export function boxFromCorners(first: Point, second: Point): Box {
  return {
    x0: Math.min(first.x, second.x),
    y0: Math.min(first.y, second.y),
    x1: Math.max(first.x, second.x),
    y1: Math.max(first.y, second.y),
  };
}

/** Thinner boxes (CSS pixels, either way) are slips of the hand. */
const LEAST_SIDE = 3;

export function isDrawable(box: Box, transform: Transform): boolean {
  const width = (box.x1 - box.x0) * transform.a;
  const height = (box.y1 - box.y0) * transform.d;
  return width >= LEAST_SIDE && height >= LEAST_SIDE;
}

/** Which sides of a box a drag moves: -1 the left or top one, 1 the right or bottom one, 0 neither. */
export interface Handle {
  readonly x: -1 | 0 | 1;
  readonly y: -1 | 0 | 1;
}

/** Moves no single side, but the whole box. */
export const WHOLE_BOX: Handle = { x: 0, y: 0 };

/** Keeps its size: it stops at the image's border. */
export function movedBox(box: Box, delta: Point, image: Size): Box {
  const dx = Math.min(Math.max(delta.x, -box.x0), image.width - box.x1);
  const dy = Math.min(Math.max(delta.y, -box.y0), image.height - box.y1);
  return { x0: box.x0 + dx, y0: box.y0 + dy, x1: box.x1 + dx, y1: box.y1 + dy };
}

/** A side dragged across its opposite turns the box over. */
export function resizedBox(box: Box, handle: Handle, delta: Point, image: Size): Box {
  const from = {
    x: handle.x < 0 ? box.x0 + delta.x : box.x0,
    y: handle.y < 0 ? box.y0 + delta.y : box.y0,
  };
  const to = {
    x: handle.x > 0 ? box.x1 + delta.x : box.x1,
    y: handle.y > 0 ? box.y1 + delta.y : box.y1,
  };
  return boxFromCorners(clampToImage(image, from), clampToImage(image, to));
}
