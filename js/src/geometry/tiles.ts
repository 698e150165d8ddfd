// Which tiles of the image's pyramid are worth having, pure. Level k is the image downscaled by
// 2 ** k; tile (level, column, row) covers tile_size * 2 ** level image pixels each way.

import type { ImageState } from "../protocol";
import type { Frame } from "./frame";
import type { Box } from "./viewport";

export interface Tile {
  readonly level: number;
  readonly column: number;
  readonly row: number;
}

/** A pixel of the picture may span this many device pixels before a sharper one is fetched. */
const BLUR = 1.3;

export function tileKey({ level, column, row }: Tile): string {
  return `${level}/${column}/${row}`;
}

/** The coarsest level that looks sharp at `scale` device pixels per image pixel; -1: the preview. */
export function levelFor(image: ImageState, scale: number): number {
  if (image.max_level < 0) return -1;
  const previewPixel = (scale * image.width) / image.preview_width;
  if (previewPixel <= BLUR) return -1;
  const level = Math.floor(Math.log2(BLUR / scale));
  return Math.min(Math.max(level, 0), image.max_level);
}

/** Tiles to show in the frame, from its middle outwards; none where the preview is sharp enough. */
export function visibleTiles(image: ImageState, { device, backing }: Frame): Tile[] {
  const level = levelFor(image, Math.max(device.a, device.d));
  if (level < 0) return [];
  const side = image.tile_size * 2 ** level;
  const x0 = Math.max(0, -device.e / device.a);
  const y0 = Math.max(0, -device.f / device.d);
  const x1 = Math.min(image.width, (backing.width - device.e) / device.a);
  const y1 = Math.min(image.height, (backing.height - device.f) / device.d);
  const tiles: Tile[] = [];
  for (let row = Math.floor(y0 / side); row * side < y1; row++) {
    for (let column = Math.floor(x0 / side); column * side < x1; column++) {
      tiles.push({ level, column, row });
    }
  }
  const middleX = (x0 + x1) / (2 * side) - 0.5;
  const middleY = (y0 + y1) / (2 * side) - 0.5;
  const distance = ({ column, row }: Tile): number => Math.hypot(column - middleX, row - middleY);
  return tiles.sort((first, second) => distance(first) - distance(second));
}

/** What a tile covers, in image pixels: clipped at the image's right and bottom. */
export function tileBox(image: ImageState, { level, column, row }: Tile): Box {
  const side = image.tile_size * 2 ** level;
  return {
    x0: column * side,
    y0: row * side,
    x1: Math.min((column + 1) * side, image.width),
    y1: Math.min((row + 1) * side, image.height),
  };
}

/** Whether `tile` shows some of what `other`, of the same or a finer level, covers. */
export function tileCovers(tile: Tile, other: Tile): boolean {
  const factor = 2 ** (tile.level - other.level);
  return (
    tile.level >= other.level &&
    Math.floor(other.column / factor) === tile.column &&
    Math.floor(other.row / factor) === tile.row
  );
}
