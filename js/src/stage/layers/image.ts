// The photograph: the preview of the whole image, and sharper tiles over it where they help.

import { signal } from "@preact/signals-core";
import type { Frame } from "../../geometry/frame";
import { type Tile, tileBox, visibleTiles } from "../../geometry/tiles";
import type { Box } from "../../geometry/viewport";
import type { ImageState } from "../../protocol";
import type { Store } from "../../state/store";
import type { Actions } from "../../wire/actions";
import { TileLoader } from "../tile-loader";
import type { Layer } from "./layer";

/** From this many device pixels on, a pixel of the picture is shown as the square it is. */
const BLOCKS_FROM = 4;

/** A decoded preview and the image it belongs to. */
interface Picture {
  readonly image: ImageState;
  readonly bitmap: ImageBitmap;
}

export function imageLayer(store: Store, actions: Actions, aborted: AbortSignal): Layer {
  const picture = signal<Picture | null>(null);
  const tiles = new TileLoader(actions);
  let wanted: ImageState | null = null;

  const load = async (image: ImageState): Promise<void> => {
    wanted = image;
    const blob = new Blob([image.preview as BlobPart], { type: image.preview_mime });
    try {
      const bitmap = await createImageBitmap(blob);
      // Another image may have come meanwhile.
      if (wanted !== image || aborted.aborted) return bitmap.close();
      picture.value?.bitmap.close();
      picture.value = { image, bitmap };
    } catch {
      if (wanted !== image) return;
      store.notice.value = {
        kind: "error",
        text: "The browser could not decode the picture of the image.",
        hint: "Set the image again; if this stays, try another browser.",
      };
    }
  };

  aborted.addEventListener("abort", () => {
    picture.peek()?.bitmap.close();
    tiles.clear();
  });

  return {
    name: "image",
    watch() {
      const image = store.image.value;
      if (image && image !== wanted) load(image);
      return [picture.value, tiles.version.value];
    },
    draw(context, frame) {
      const image = store.image.value;
      const shown = picture.value;
      if (!(image && shown && sameSize(shown.image, image))) return false;
      const whole = { x0: 0, y0: 0, x1: image.width, y1: image.height };
      drawPart(context, frame, shown.bitmap, whole);
      if (shown.image.id !== image.id) return false;
      const needed = visibleTiles(image, frame);
      tiles.request(image.id, needed);
      for (const tile of tiles.over(needed)) drawTile(context, frame, image, tile, tiles);
      return false;
    },
  };
}

/** Until the next picture is decoded the last one stays, unless it would be distorted. */
function sameSize(first: ImageState, other: ImageState): boolean {
  return first.width === other.width && first.height === other.height;
}

/** Draws the visible part only: at high zoom the whole would be far larger than any canvas. */
function drawPart(
  context: CanvasRenderingContext2D,
  { device, backing }: Frame,
  bitmap: ImageBitmap,
  box: Box,
): void {
  const perX = (box.x1 - box.x0) / bitmap.width;
  const perY = (box.y1 - box.y0) / bitmap.height;
  // One bitmap pixel more on each side, so that smoothing has its neighbours.
  const u0 = Math.max(0, Math.floor((-device.e / device.a - box.x0) / perX) - 1);
  const v0 = Math.max(0, Math.floor((-device.f / device.d - box.y0) / perY) - 1);
  const endX = Math.ceil(((backing.width - device.e) / device.a - box.x0) / perX) + 1;
  const endY = Math.ceil(((backing.height - device.f) / device.d - box.y0) / perY) + 1;
  const columns = Math.min(bitmap.width, endX) - u0;
  const rows = Math.min(bitmap.height, endY) - v0;
  if (columns <= 0 || rows <= 0) return;
  context.imageSmoothingEnabled = device.a * perX < BLOCKS_FROM;
  context.imageSmoothingQuality = "high";
  context.drawImage(
    bitmap,
    u0,
    v0,
    columns,
    rows,
    device.a * (box.x0 + u0 * perX) + device.e,
    device.d * (box.y0 + v0 * perY) + device.f,
    device.a * columns * perX,
    device.d * rows * perY,
  );
}

function drawTile(
  context: CanvasRenderingContext2D,
  frame: Frame,
  image: ImageState,
  tile: Tile,
  tiles: TileLoader,
): void {
  const bitmap = tiles.get(tile);
  if (!bitmap) return;
  const { device } = frame;
  const box = tileBox(image, tile);
  // Cut at whole device pixels: neighbours then meet without a seam.
  const left = Math.round(device.a * box.x0 + device.e);
  const top = Math.round(device.d * box.y0 + device.f);
  const right = Math.round(device.a * box.x1 + device.e);
  const bottom = Math.round(device.d * box.y1 + device.f);
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  drawPart(context, frame, bitmap, box);
  context.restore();
}
