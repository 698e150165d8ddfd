// A mask as a small picture: the image around it, dimmed, with the mask in its colour.

import { useEffect, useRef } from "preact/hooks";
import { type Crop, cropAround, type Extent } from "../../geometry/crop";
import {
  boundsOfRuns,
  type EncodedMask,
  MaskError,
  parseRuns,
  sampleRuns,
} from "../../geometry/rle";
import type { ImageState } from "../../protocol";
import { parseColor } from "../../state/colors";
import type { Store } from "../../state/store";

const INSIDE_ALPHA = 130;
const AROUND_ALPHA = 110;

interface Props {
  store: Store;
  /** All masks that are shown with the same part of the image, so that they compare. */
  masks: readonly EncodedMask[];
  /** The one of them that this is a picture of. */
  index: number;
  color: string;
  /** CSS pixels; twice as many on the canvas keep it sharp on every screen. */
  side: number;
}

/** `masks` must be the same array as long as they are the same masks: then nothing is drawn again. */
export function MaskThumbnail({ store, masks, index, color, side }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const image = store.image.value;
  useEffect(() => {
    if (image === null) return;
    let current = true;
    pictureOf(image).then(
      (picture) => {
        const context = canvas.current?.getContext("2d");
        if (current && context) drawReadable(context, picture, image, masks, index, color);
      },
      // The stage shows the same picture, and says it when it cannot be decoded.
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [image, masks, index, color]);
  return (
    <canvas
      class="sam-thumbnail"
      ref={canvas}
      width={2 * side}
      height={2 * side}
      style={{ width: `${side}px`, height: `${side}px` }}
    />
  );
}

const pictures = new WeakMap<ImageState, Promise<ImageBitmap>>();

/** The preview, decoded once for as long as the image is in use. */
function pictureOf(image: ImageState): Promise<ImageBitmap> {
  const known = pictures.get(image);
  if (known) return known;
  const picture = createImageBitmap(
    new Blob([image.preview as BlobPart], { type: image.preview_mime }),
  );
  pictures.set(image, picture);
  return picture;
}

/** A mask that cannot be read is left out here: the stage says what is wrong with it. */
function drawReadable(
  context: CanvasRenderingContext2D,
  picture: ImageBitmap,
  image: ImageState,
  masks: readonly EncodedMask[],
  index: number,
  color: string,
): void {
  try {
    const mask = masks[index];
    const crop = cropAround(
      masks.map((other) => extentOf(other)),
      image,
    );
    drawPicture(context, picture, image, crop);
    if (mask) drawTint(context, mask, image, crop, color);
  } catch (error) {
    if (!(error instanceof MaskError)) throw error;
  }
}

function extentOf(mask: EncodedMask): Extent {
  const { width, height } = mask;
  const bounds = boundsOfRuns(parseRuns(mask), height);
  const { left, top, right, bottom } = bounds ?? { left: 0, top: 0, right: 0, bottom: 0 };
  return { width, height, left, top, columns: right - left, rows: bottom - top };
}

function drawPicture(
  context: CanvasRenderingContext2D,
  picture: ImageBitmap,
  image: ImageState,
  crop: Crop,
): void {
  const { width: pixels } = context.canvas;
  const scale = pixels / crop.side;
  context.clearRect(0, 0, pixels, pixels);
  context.imageSmoothingQuality = "high";
  context.drawImage(
    picture,
    -crop.left * scale,
    -crop.top * scale,
    image.width * scale,
    image.height * scale,
  );
}

function drawTint(
  context: CanvasRenderingContext2D,
  mask: EncodedMask,
  image: ImageState,
  crop: Crop,
  color: string,
): void {
  const { width: pixels } = context.canvas;
  const own = document.createElement("canvas");
  own.width = pixels;
  own.height = pixels;
  own.getContext("2d")?.putImageData(tintOf(mask, image, crop, color, pixels), 0, 0);
  context.drawImage(own, 0, 0);
}

/** The mask sampled once per pixel of the thumbnail: cheap however large it is. */
function tintOf(
  mask: EncodedMask,
  image: ImageState,
  crop: Crop,
  color: string,
  pixels: number,
): ImageData {
  const step = crop.side / pixels;
  const places = (start: number, side: number, of: number) =>
    Array.from({ length: pixels }, (_, at) =>
      Math.floor(((start + (at + 0.5) * step) * side) / of),
    );
  const columns = places(crop.left, mask.width, image.width);
  const rows = places(crop.top, mask.height, image.height);
  const inside = sampleRuns(parseRuns(mask), mask, columns, rows);
  const tint = new ImageData(pixels, pixels);
  const tinted = parseColor(color, INSIDE_ALPHA);
  const around = [0, 0, 0, AROUND_ALPHA];
  for (const [at, value] of inside.entries()) tint.data.set(value ? tinted : around, 4 * at);
  return tint;
}
