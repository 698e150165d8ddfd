// Two fingers zoom and pan the image together, so that what is under them stays under them.

import { panView, zoomView } from "../commands/zoom";
import type { Point } from "../geometry/viewport";
import type { Store } from "../state/store";

export class Pinch {
  readonly #store: Store;
  readonly #fingers = new Map<number, Point>();
  /** From the second finger down until the last one is up, no finger means anything else. */
  #active = false;

  constructor(store: Store) {
    this.#store = store;
  }

  get isTouched(): boolean {
    return this.#fingers.size > 0;
  }

  /** No finger that is down now means anything any more. */
  drop(): void {
    this.#fingers.clear();
    this.#active = false;
  }

  /** Notes a finger at a stage point; true if there is a pinch now. */
  add(id: number, at: Point): boolean {
    this.#fingers.set(id, at);
    this.#active ||= this.#fingers.size > 1;
    return this.#active;
  }

  /** True if the finger takes part in a pinch. */
  move(id: number, to: Point): boolean {
    const from = this.#fingers.get(id);
    if (from === undefined) return false;
    const before = [...this.#fingers.values()];
    this.#fingers.set(id, to);
    if (this.#fingers.size === 2) this.#apply(before, [...this.#fingers.values()]);
    return this.#active;
  }

  remove(id: number): void {
    this.#fingers.delete(id);
    if (this.#fingers.size === 0) this.#active = false;
  }

  #apply(before: Point[], after: Point[]): void {
    const [a, b] = before;
    const [c, d] = after;
    if (!(a && b && c && d)) return;
    const spread = Math.hypot(a.x - b.x, a.y - b.y);
    const from = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
    const to = { x: (c.x + d.x) / 2, y: (c.y + d.y) / 2 };
    if (spread > 0) zoomView(this.#store, Math.hypot(c.x - d.x, c.y - d.y) / spread, from);
    panView(this.#store, to.x - from.x, to.y - from.y);
  }
}
