// Traits as Python lays them out, for a widget that has no kernel.

import type { AnswerState, ImageState, WireAnswer } from "../protocol";

const NOTHING = new DataView(new ArrayBuffer(0));

export const NO_IMAGE: ImageState = {
  id: "",
  width: 0,
  height: 0,
  note: "",
  preview: NOTHING,
  preview_mime: "",
  preview_width: 0,
  preview_height: 0,
  max_level: -1,
  tile_size: 512,
};

/** All masks in one buffer, one after the other. */
export function packAnswer({ candidates, ...rest }: AnswerState): WireAnswer {
  const size = candidates.reduce((sum, { rle }) => sum + rle.byteLength, 0);
  const masks = new Uint8Array(size);
  let start = 0;
  const listed = candidates.map(({ rle, ...figures }) => {
    masks.set(new Uint8Array(rle.buffer, rle.byteOffset, rle.byteLength), start);
    start += rle.byteLength;
    return { ...figures, bytes: rle.byteLength };
  });
  return { ...rest, candidates: listed, masks: new DataView(masks.buffer) };
}
