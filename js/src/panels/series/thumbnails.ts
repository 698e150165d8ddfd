// Small pictures of a series: those in view are fetched, few at a time, and the latest are kept.

import { type Signal, signal } from "@preact/signals-core";
import type { Actions } from "../../wire/actions";

export interface Thumbnail {
  /** null when the image cannot be read. */
  readonly picture: ImageBitmap | null;
  readonly name: string;
}

const AT_ONCE = 3;
/** At 160 x 160 pixels at most, 30 MB. */
const MOST_KEPT = 300;

export class SeriesThumbnails {
  readonly #fetch: Actions["thumbnail"];
  readonly #kept = new Map<number, Thumbnail>();
  #wanted: readonly number[] = [];
  readonly #fetching = new Set<number>();
  /** Grows with every picture that arrives. */
  readonly arrived: Signal<number> = signal(0);

  constructor(fetch: Actions["thumbnail"]) {
    this.#fetch = fetch;
  }

  find(index: number): Thumbnail | undefined {
    return this.#kept.get(index);
  }

  /** Those that are to be there, the most wanted first; earlier wishes are forgotten. */
  want(indices: readonly number[]): void {
    this.#wanted = indices;
    this.#pump();
  }

  /** An image that could not be read may have been mended. */
  forgetFailures(): void {
    for (const [index, { picture }] of this.#kept) if (picture === null) this.#kept.delete(index);
  }

  #pump(): void {
    for (const index of this.#wanted) {
      if (this.#fetching.size >= AT_ONCE) return;
      if (!(this.#kept.has(index) || this.#fetching.has(index))) void this.#get(index);
    }
  }

  async #get(index: number): Promise<void> {
    this.#fetching.add(index);
    let found: Thumbnail = { picture: null, name: "" };
    try {
      const { picture, name } = await this.#fetch(index);
      found = { picture: await createImageBitmap(picture), name };
    } catch {
      // The strip says that this one cannot be read; the stage will say why.
    }
    this.#fetching.delete(index);
    this.#kept.set(index, found);
    for (const [oldest, { picture }] of this.#kept) {
      if (this.#kept.size <= MOST_KEPT) break;
      if (this.#wanted.includes(oldest)) continue;
      picture?.close();
      this.#kept.delete(oldest);
    }
    this.arrived.value += 1;
    this.#pump();
  }
}
