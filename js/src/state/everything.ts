// Everything mode as one view sees it: masks as they arrive, which of them stay, what is pointed at.
// Only wire/ writes what comes from Python; the rest is view state.

import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { type BoxedMask, holdsPoint } from "../geometry/masks";
import type { Bytes, EverythingState as StateMessage } from "../protocol";
import type { EverythingThresholds, WireBox } from "../protocol.generated";

export type EverythingStage = StateMessage["stage"];
/** How masks are shown: a colour each, by predicted IoU, or as their edges alone. */
export type EverythingLook = "colours" | "scores" | "edges";

/** One candidate; its mask as shown, at the size given by `width` and `height`. */
export interface FoundMask extends BoxedMask {
  readonly row: number;
  readonly score: number;
  readonly stability: number;
  /** Pixels of the original image. */
  readonly area: number;
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

export function forgetRun(mode: EverythingMode, run: number): void {
  mode.run.value = run;
  mode.masks.value = [];
  mode.kept.value = [];
  mode.cleaned.value = new Map();
  mode.selected.value = new Set();
  mode.hovered.value = null;
  mode.problem.value = null;
}

export function setKept(mode: EverythingMode, rows: number[]): void {
  const masks = mode.masks.value;
  const area = (row: number): number => masks[row]?.area ?? 0;
  mode.kept.value = rows.sort((first, second) => area(second) - area(first) || first - second);
  const stays = new Set(rows);
  const selected = [...mode.selected.value].filter((row) => stays.has(row));
  if (selected.length < mode.selected.value.size) mode.selected.value = new Set(selected);
  if (mode.hovered.value !== null && !stays.has(mode.hovered.value)) mode.hovered.value = null;
}

export function cleanedKey(area: number, row: number): string {
  return `${area} ${row}`;
}

/** The mask as it is shown and kept: cleaned, if that was asked for and changed it. */
export function shownMask(mode: EverythingMode, row: number): FoundMask | null {
  const mask = mode.masks.value[row];
  if (!mask) return null;
  const area = mode.thresholds.value.min_mask_region_area ?? 0;
  const rle = area > 0 ? mode.cleaned.value.get(cleanedKey(area, row)) : undefined;
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
    if (mask && holdsPoint(mask, image, point)) found.push(row);
  }
  return found.reverse();
}
