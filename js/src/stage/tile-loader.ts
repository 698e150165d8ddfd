// Tiles that have come and tiles on their way: few at once, what is on screen first.

import { type Signal, signal } from "@preact/signals-core";
import { type Tile, tileCovers, tileKey } from "../geometry/tiles";
import type { Actions } from "../wire/actions";

const MOST_IN_FLIGHT = 4;
const MOST_KEPT = 128;
/** A tile that failed this often is left to the preview. */
const MOST_ATTEMPTS = 2;

interface Kept {
  readonly tile: Tile;
  readonly bitmap: ImageBitmap;
}

export class TileLoader {
  /** Grows when there is something new to draw. */
  readonly version: Signal<number> = signal(0);
  readonly #actions: Pick<Actions, "tile">;
  readonly #decode: (blob: Blob) => Promise<ImageBitmap>;
  /** In order of use, the longest unused first. */
  readonly #kept = new Map<string, Kept>();
  readonly #inFlight = new Set<string>();
  readonly #failures = new Map<string, number>();
  #imageId = "";
  #wanted: readonly Tile[] = [];

  constructor(
    actions: Pick<Actions, "tile">,
    decode: (blob: Blob) => Promise<ImageBitmap> = (blob) => createImageBitmap(blob),
  ) {
    this.#actions = actions;
    this.#decode = decode;
  }

  /** Asks for these and forgets about earlier wishes; another image starts anew. */
  request(imageId: string, tiles: readonly Tile[]): void {
    if (imageId !== this.#imageId) {
      this.clear();
      this.#imageId = imageId;
    }
    this.#wanted = tiles;
    this.#fetchNext();
  }

  get(tile: Tile): ImageBitmap | undefined {
    return this.#kept.get(tileKey(tile))?.bitmap;
  }

  /** What there is to draw for these tiles: coarser ones, too, to be drawn first. */
  over(tiles: readonly Tile[]): Tile[] {
    const useful: Tile[] = [];
    for (const [key, kept] of [...this.#kept]) {
      if (!tiles.some((tile) => tileCovers(kept.tile, tile))) continue;
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      useful.push(kept.tile);
    }
    return useful.sort((first, second) => second.level - first.level);
  }

  clear(): void {
    for (const { bitmap } of this.#kept.values()) bitmap.close();
    this.#kept.clear();
    this.#failures.clear();
    this.#wanted = [];
    this.#imageId = "";
  }

  #fetchNext(): void {
    for (const tile of this.#wanted) {
      if (this.#inFlight.size >= MOST_IN_FLIGHT) return;
      const key = tileKey(tile);
      const known = this.#kept.has(key) || this.#inFlight.has(this.#flight(key));
      if (known || (this.#failures.get(key) ?? 0) >= MOST_ATTEMPTS) continue;
      this.#fetch(tile, key);
    }
  }

  async #fetch(tile: Tile, key: string): Promise<void> {
    const imageId = this.#imageId;
    const flight = this.#flight(key);
    this.#inFlight.add(flight);
    try {
      const { level, column, row } = tile;
      const bitmap = await this.#decode(await this.#actions.tile(level, column, row));
      if (imageId === this.#imageId) this.#keep(key, { tile, bitmap });
      else bitmap.close();
    } catch {
      if (imageId === this.#imageId) {
        this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
      }
    }
    this.#inFlight.delete(flight);
    this.#fetchNext();
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.set(key, kept);
    for (const [oldest, { bitmap }] of this.#kept) {
      if (this.#kept.size <= MOST_KEPT) break;
      this.#kept.delete(oldest);
      bitmap.close();
    }
    this.version.value += 1;
  }

  /** Tiles of a former image still come, and are not those of this one. */
  #flight(key: string): string {
    return `${this.#imageId}:${key}`;
  }
}
