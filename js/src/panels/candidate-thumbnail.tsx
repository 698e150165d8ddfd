// One candidate's picture: the image around the masks, dimmed, with this mask tinted.

import { useEffect, useRef } from "preact/hooks";
import { type Crop, cropAround } from "../geometry/crop";
import { type Mask, maskHas, maskOf } from "../geometry/masks";
import { MaskError } from "../geometry/rle";
import type { ImageState } from "../protocol";
import { MASK_COLOR, parseColor, type Rgba } from "../state/colors";
import type { Store } from "../state/store";

/** CSS pixels; twice as many on the canvas keep it sharp on every screen. */
const SIDE = 56;
const PIXELS = 2 * SIDE;

/** Red, green, blue, alpha inside the mask and around it. */
const INSIDE = parseColor(MASK_COLOR, 130);
const AROUND: Rgba = [0, 0, 0, 110];

export function Thumbnail({ store, index }: { store: Store; index: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const answer = store.answer.value;
  const image = store.image.value;
  useEffect(() => {
    if (image === null) return;
    let current = true;
    const { candidates, width, height } = answer;
    const masks = candidates.flatMap(({ rle }) => readable(() => maskOf({ rle, width, height })));
    const mask = masks[index];
    pictureOf(image).then(
      (picture) => {
        if (current && canvas.current && mask) {
          draw(canvas.current, picture, image, mask, cropAround(masks, image));
        }
      },
      // The stage shows the same picture, and says it when it cannot be decoded.
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [image, answer, index]);
  return <canvas class="sam-thumbnail" ref={canvas} width={PIXELS} height={PIXELS} />;
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

function readable(decode: () => Mask): Mask[] {
  try {
    return [decode()];
  } catch (error) {
    if (error instanceof MaskError) return [];
    throw error;
  }
}

function draw(
  canvas: HTMLCanvasElement,
  picture: ImageBitmap,
  image: ImageState,
  mask: Mask,
  crop: Crop,
): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const scale = PIXELS / crop.side;
  context.clearRect(0, 0, PIXELS, PIXELS);
  context.imageSmoothingQuality = "high";
  context.drawImage(
    picture,
    -crop.left * scale,
    -crop.top * scale,
    image.width * scale,
    image.height * scale,
  );
  const tint = document.createElement("canvas");
  tint.width = PIXELS;
  tint.height = PIXELS;
  tint.getContext("2d")?.putImageData(tintOf(mask, image, crop), 0, 0);
  context.drawImage(tint, 0, 0);
}

/** The mask sampled once per pixel of the thumbnail: cheap however large it is. */
function tintOf(mask: Mask, image: ImageState, crop: Crop): ImageData {
  const tint = new ImageData(PIXELS, PIXELS);
  const step = crop.side / PIXELS;
  for (let row = 0; row < PIXELS; row++) {
    const y = Math.floor(((crop.top + (row + 0.5) * step) * mask.height) / image.height);
    for (let column = 0; column < PIXELS; column++) {
      const x = Math.floor(((crop.left + (column + 0.5) * step) * mask.width) / image.width);
      tint.data.set(maskHas(mask, y, x) ? INSIDE : AROUND, 4 * (row * PIXELS + column));
    }
  }
  return tint;
}
