// Everything mode as one view sees it: masks as they arrive, which of them stay, what is pointed at.
// Only connection.ts writes what comes from Python; the rest is view state.

import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { type EncodedMask, maskHas, maskOf } from "../geometry/masks";
import type {
  Bytes,
  EverythingCleaned,
  EverythingFound,
  EverythingThresholds,
  EverythingState as StateMessage,
  WireBox,
} from "../protocol";

export type EverythingStage = StateMessage["stage"];
/** How masks are shown: a colour each, by predicted IoU, or as their edges alone. */
export type EverythingLook = "colours" | "scores" | "edges";

/** One candidate; its mask as shown, at the size given by `width` and `height`. */
export interface FoundMask extends EncodedMask {
  readonly row: number;
  readonly score: number;
  readonly stability: number;
  /** Pixels of the original image. */
  readonly area: number;
  /** x, y, width, height in pixels of the original image. */
  readonly bbox: readonly [number, number, number, number];
}

export interface EverythingMode {
  // From Python.
  readonly run: Signal<number>;
  readonly stage: Signal<EverythingStage>;
  readonly share: Signal<number>;
  readonly secondsLeft: Signal<number | null>;
  readonly problem: Signal<string | null>;
  readonly thresholds: Signal<Partial<EverythingThresholds>>;
  readonly removed: Signal<Readonly<Record<string, number>>>;
  readonly masks: Signal<readonly FoundMask[]>;
  /** Rows that stay, the largest mask first: in this order they are painted. */
  readonly kept: Signal<readonly number[]>;
  /** Masks without small holes and islands, by least area and row. */
  readonly cleaned: Signal<ReadonlyMap<string, Bytes>>;
  // View state.
  readonly open: Signal<boolean>;
  readonly look: Signal<EverythingLook>;
  readonly region: Signal<WireBox | null>;
  readonly selected: Signal<ReadonlySet<number>>;
  readonly hovered: Signal<number | null>;
  /** How many masks were painted last; written by the layer. */
  readonly painted: Signal<number>;
  readonly busy: ReadonlySignal<boolean>;
}

/** What the panel and the tool can ask for. */
export interface EverythingActions {
  run(pointsPerSide: number, cropLayers: number, region: WireBox | null): void;
  cancel(): void;
  /** Latest wins, one in flight. */
  filter(thresholds: EverythingThresholds): void;
  /** Accept masks as objects; null means all that stay. */
  keep(rows: readonly number[] | null, label: string): void;
  /** Fetch what an earlier run found, if there was one. */
  list(): void;
}

export function createEverything(): EverythingMode {
  const stage = signal<EverythingStage>("none");
  return {
    run: signal(0),
    stage,
    share: signal(0),
    secondsLeft: signal<number | null>(null),
    problem: signal<string | null>(null),
    thresholds: signal<Partial<EverythingThresholds>>({}),
    removed: signal<Readonly<Record<string, number>>>({}),
    masks: signal<readonly FoundMask[]>([]),
    kept: signal<readonly number[]>([]),
    cleaned: signal<ReadonlyMap<string, Bytes>>(new Map()),
    open: signal(false),
    look: signal<EverythingLook>("colours"),
    region: signal<WireBox | null>(null),
    selected: signal<ReadonlySet<number>>(new Set()),
    hovered: signal<number | null>(null),
    painted: signal(0),
    busy: computed(() => ["waiting", "encoding", "decoding"].includes(stage.value)),
  };
}

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
    if (message.run !== mode.run.value) forget(mode, message.run);
    mode.masks.value = [...known.slice(0, message.first), ...fresh];
  });
  return true;
}

export function takeState(
  mode: EverythingMode,
  message: StateMessage,
  buffers: readonly Bytes[],
): boolean {
  if (message.stage === "none") {
    batch(() => {
      forget(mode, 0);
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
      forget(mode, message.run);
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
    const key = cleanKey(message.min_mask_region_area, rows.getUint32(4 * index, true));
    cleaned.set(key, textAt(ends, texts, index));
  }
  mode.cleaned.value = cleaned;
}

function forget(mode: EverythingMode, run: number): void {
  mode.run.value = run;
  mode.masks.value = [];
  mode.kept.value = [];
  mode.cleaned.value = new Map();
  mode.selected.value = new Set();
  mode.hovered.value = null;
  mode.problem.value = null;
}

function setKept(mode: EverythingMode, rows: number[]): void {
  const masks = mode.masks.value;
  const area = (row: number): number => masks[row]?.area ?? 0;
  mode.kept.value = rows.sort((one, other) => area(other) - area(one) || one - other);
  const stays = new Set(rows);
  const selected = [...mode.selected.value].filter((row) => stays.has(row));
  if (selected.length < mode.selected.value.size) mode.selected.value = new Set(selected);
  if (mode.hovered.value !== null && !stays.has(mode.hovered.value)) mode.hovered.value = null;
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

function cleanKey(area: number, row: number): string {
  return `${area} ${row}`;
}

/** The mask as it is shown and kept: cleaned, if that was asked for and changed it. */
export function shownMask(mode: EverythingMode, row: number): FoundMask | null {
  const mask = mode.masks.value[row];
  if (!mask) return null;
  const area = mode.thresholds.value.min_mask_region_area ?? 0;
  const rle = area > 0 ? mode.cleaned.value.get(cleanKey(area, row)) : undefined;
  return rle ? { ...mask, rle } : mask;
}

/** Rows of the masks that stay and hold a point of the image, the smallest first. */
export function masksAt(
  mode: EverythingMode,
  image: { readonly width: number; readonly height: number },
  point: { readonly x: number; readonly y: number },
): number[] {
  const found: number[] = [];
  for (const row of mode.kept.value) {
    const mask = shownMask(mode, row);
    if (!mask) continue;
    const [x, y, width, height] = mask.bbox;
    const near = point.x >= x - 1 && point.x <= x + width + 1;
    if (!near || point.y < y - 1 || point.y > y + height + 1) continue;
    const column = Math.floor((point.x * mask.width) / image.width);
    const line = Math.floor((point.y * mask.height) / image.height);
    if (maskHas(maskOf(mask), line, column)) found.push(row);
  }
  return found.reverse();
}
