// Opening images of a series: one at a time, and of all that were wished for meanwhile the newest.

import type { Store } from "../state/store";

export class ImageOpening {
  readonly #store: Store;
  readonly #open: (index: number) => Promise<unknown>;
  readonly #fail: (error: unknown) => void;
  #busy = false;

  constructor(
    store: Store,
    open: (index: number) => Promise<unknown>,
    fail: (error: unknown) => void,
  ) {
    this.#store = store;
    this.#open = open;
    this.#fail = fail;
  }

  want(index: number): void {
    const { series, opening } = this.#store;
    if (series.value === null || index < 0 || index >= series.value.length) return;
    opening.value = index;
    if (!this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    const { opening } = this.#store;
    this.#busy = true;
    try {
      for (let target = opening.value; target !== null; target = opening.value) {
        await this.#open(target);
        if (opening.value === target) opening.value = null;
      }
    } catch (error) {
      opening.value = null;
      this.#fail(error);
    } finally {
      this.#busy = false;
    }
  }
}
