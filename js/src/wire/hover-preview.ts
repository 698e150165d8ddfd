// Hover previews: the newest position is asked for, and nothing queues behind it.

import type { Bytes, PreviewReply } from "../protocol";
import { NO_ANSWER } from "../state/document";
import type { Foreseen, Preview } from "../state/hover-preview";
import type { Store } from "../state/store";

interface Point {
  x: number;
  y: number;
}

/** Asks the kernel for the mask under a point; rejects when there is no answer. */
type Fetch = (
  x: number,
  y: number,
) => Promise<{ reply: { preview: PreviewReply | null }; buffers: readonly Bytes[] }>;

/** A preview is the best answer to a lone point, without the others and their figures. */
function foreseenBy(preview: Omit<Preview, "revision">): Foreseen {
  const { x, y, width, height, score, rle } = preview;
  const candidates = [{ score, stability: null, area: 0, rle }];
  return { x, y, answer: { ...NO_ANSWER, width, height, candidates } };
}

/** One preview in flight, the newest wish next, nothing queued. */
export class HoverPreview {
  readonly #store: Store;
  readonly #fetch: Fetch;
  #wanted: Point | null = null;
  #asked: Point | null = null;
  #inFlight = false;
  #revision = 0;

  constructor(store: Store, fetch: Fetch) {
    this.#store = store;
    this.#fetch = fetch;
  }

  want(point: Point | null): void {
    this.#wanted = point;
    if (point === null) {
      this.#asked = null;
      this.#store.preview.value = null;
    } else this.#pump();
  }

  #pump(): void {
    const point = this.#wanted;
    const ready = this.#store.connection.value === "live" && !this.#inFlight;
    const known = this.#asked?.x === point?.x && this.#asked?.y === point?.y;
    if (point === null || known || !ready) return;
    this.#asked = point;
    this.#inFlight = true;
    this.#fetch(point.x, point.y)
      .then(({ reply, buffers }) => this.#accept(reply.preview, buffers[0]))
      // A preview that cannot be had is no news: the click that follows will say why.
      .catch(() => this.#accept(null, undefined))
      .finally(() => {
        this.#inFlight = false;
        this.#pump();
      });
  }

  #accept(preview: PreviewReply | null, rle: Bytes | undefined): void {
    const found = preview !== null && rle !== undefined ? { ...preview, rle } : null;
    // Whoever clicked meanwhile no longer wants a preview, but may wait for this very mask.
    this.#store.foreseen.value = found && foreseenBy(found);
    if (this.#wanted === null) return;
    if (found) this.#revision += 1;
    this.#store.preview.value = found && { ...found, revision: this.#revision };
  }
}
