// What the kernel tells of everything mode, unpacked into the state.

import { batch } from "@preact/signals-core";
import type { Bytes, EverythingCleaned, EverythingFound, EverythingState } from "../protocol";
import {
  cleanedKey,
  type EverythingMode,
  type FoundMask,
  forgetRun,
  setKept,
} from "../state/everything";

/** Take candidates; false if some before them are missing, so that all must be asked for. */
export function takeFound(
  mode: EverythingMode,
  message: EverythingFound,
  buffers: readonly Bytes[],
): boolean {
  const known = message.run === mode.run.value ? mode.masks.value : [];
  if (message.first > known.length) return false;
  const fresh = unpackMasks(message, buffers);
  batch(() => {
    if (message.run !== mode.run.value) forgetRun(mode, message.run);
    mode.masks.value = [...known.slice(0, message.first), ...fresh];
  });
  return true;
}

export function takeState(
  mode: EverythingMode,
  message: EverythingState,
  buffers: readonly Bytes[],
): boolean {
  if (message.stage === "none") {
    batch(() => {
      forgetRun(mode, 0);
      mode.stage.value = "none";
    });
    return true;
  }
  const complete =
    message.candidates === 0 ||
    (message.run === mode.run.value && mode.masks.value.length >= message.candidates);
  batch(() => {
    if (message.run !== mode.run.value) {
      // What is begun elsewhere, from a cell say, is to be seen.
      mode.open.value = true;
      forgetRun(mode, message.run);
    }
    mode.stage.value = message.stage;
    mode.share.value = message.share;
    mode.secondsLeft.value = message.seconds_left;
    mode.problem.value = message.problem?.message ?? null;
    mode.removed.value = message.removed;
    mode.thresholds.value = message.thresholds;
    if (complete) setKept(mode, rowsOf(buffers[0], message.candidates));
  });
  return complete;
}

export function takeCleaned(
  mode: EverythingMode,
  message: EverythingCleaned,
  buffers: readonly Bytes[],
): void {
  const [rows, ends, texts] = buffers;
  if (!(rows && ends && texts)) return;
  const cleaned = new Map(mode.cleaned.value);
  for (let index = 0; index < message.count; index++) {
    const key = cleanedKey(message.min_mask_region_area, rows.getUint32(4 * index, true));
    cleaned.set(key, textAt(ends, texts, index));
  }
  mode.cleaned.value = cleaned;
}

function rowsOf(bits: Bytes | undefined, count: number): number[] {
  const rows: number[] = [];
  for (let row = 0; bits && row < count; row++) {
    const byte = bits.getUint8(Math.floor(row / 8));
    if (Math.floor(byte / 2 ** (row % 8)) % 2 === 1) rows.push(row);
  }
  return rows;
}

const NUMBERS = 9;

function unpackMasks(message: EverythingFound, buffers: readonly Bytes[]): FoundMask[] {
  const [numbers, ends, texts] = buffers;
  if (!(numbers && ends && texts)) return [];
  const { width, height } = message;
  return Array.from({ length: message.count }, (_, index) => {
    const at = (column: number): number => numbers.getFloat32(4 * (NUMBERS * index + column), true);
    return {
      row: message.first + index,
      score: at(0),
      stability: at(1),
      area: at(2),
      bbox: [at(3), at(4), at(5), at(6)] as const,
      rle: textAt(ends, texts, index),
      width,
      height,
    };
  });
}

function textAt(ends: Bytes, texts: Bytes, index: number): Bytes {
  const start = index === 0 ? 0 : ends.getUint32(4 * (index - 1), true);
  const end = ends.getUint32(4 * index, true);
  return new DataView(texts.buffer, texts.byteOffset + start, end - start);
}
