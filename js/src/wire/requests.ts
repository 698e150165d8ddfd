// Requests and their answers, by id: each is answered once, by a reply or an error.

import { batch } from "@preact/signals-core";
import type { Bytes, ErrorReply, Progress, Reply } from "../protocol";
import type { EverythingRequest, Gesture, Navigation, Query, Request } from "../protocol.generated";
import type { Store } from "../state/store";
import { lostProblem, RequestFailed } from "./request-failed";

/** A request unanswered for this long means that the kernel is occupied. */
const BUSY_AFTER_MS = 700;

type Content = Query | Gesture | Navigation | EverythingRequest;
/** Sends a message; what it throws means that nobody is there. */
type Send = (message: Request, buffers?: ArrayBuffer[]) => void;

interface Replied<R> {
  reply: R;
  buffers: readonly Bytes[];
}

interface Waiting {
  type: Content["type"];
  sentAt: number;
  finish(reply: Reply | ErrorReply, buffers: readonly Bytes[]): void;
}

export class Requests {
  readonly #store: Store;
  readonly #send: Send;
  readonly #waiting = new Map<string, Waiting>();
  // Several views share one model and see each other's replies: ids say whose they are.
  readonly #viewId = randomId();
  #count = 0;
  #watch: ReturnType<typeof setInterval> | undefined;

  constructor(store: Store, send: Send) {
    this.#store = store;
    this.#send = send;
  }

  /** Nothing is waited for. */
  get idle(): boolean {
    return this.#waiting.size === 0;
  }

  /** Ask for nothing, to see how long the answer takes. */
  ping(): Promise<unknown> {
    return this.ask({ type: "ping" });
  }

  /** Send a request; rejects with RequestFailed. */
  ask<K extends Reply["of"]>(what: Content): Promise<Replied<Extract<Reply, { of: K }>>> {
    if (["lost", "absent"].includes(this.#store.connection.value)) {
      return Promise.reject(new RequestFailed(lostProblem()));
    }
    this.#count += 1;
    const id = `${this.#viewId}-${this.#count}`;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, {
        type: what.type,
        sentAt: performance.now(),
        finish: (reply, buffers) =>
          reply.type === "error"
            ? reject(new RequestFailed(reply))
            : resolve({ reply: reply as Extract<Reply, { of: K }>, buffers }),
      });
      this.#watch ??= setInterval(() => this.#checkAnswers(), BUSY_AFTER_MS / 4);
      try {
        const { version } = this.#store.document.value;
        const { points, ...content } = what as Content & { points?: Float32Array<ArrayBuffer> };
        this.#send({ ...content, id, version } as Request, points && [points.buffer]);
      } catch {
        // The comm is gone, and with it every answer.
        this.lose();
      }
    });
  }

  /** Take a reply, an error, or the word that a request waits its turn. */
  receive(message: Reply | ErrorReply | Progress, buffers: readonly Bytes[]): void {
    if (message.to === null) return;
    const waiting = this.#waiting.get(message.to);
    if (message.type === "progress") {
      if (waiting) waiting.sentAt = Number.POSITIVE_INFINITY;
      return;
    }
    this.#waiting.delete(message.to);
    if (this.idle) this.#stopWatching();
    waiting?.finish(message, buffers);
  }

  /** Wait no longer for requests of these types: they are about to be sent once more. */
  forget(types: readonly Content["type"][]): void {
    for (const [id, { type }] of this.#waiting) if (types.includes(type)) this.#waiting.delete(id);
  }

  /** The kernel is gone: everything that waits fails. */
  lose(): void {
    const abandoned = [...this.#waiting.values()];
    this.close();
    batch(() => {
      this.#store.connection.value = "lost";
      for (const { finish } of abandoned) finish(lostProblem(), []);
    });
  }

  /** Wait for nothing any more. */
  close(): void {
    this.#waiting.clear();
    this.#stopWatching();
  }

  #checkAnswers(): void {
    const now = performance.now();
    const { connection } = this.#store;
    const late = [...this.#waiting.values()].some(({ sentAt }) => now - sentAt > BUSY_AFTER_MS);
    if (late && connection.value === "live") connection.value = "busy";
  }

  #stopWatching(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }
}

function randomId(): string {
  // crypto.randomUUID needs a secure context; hubs on plain http have none.
  return Array.from(crypto.getRandomValues(new Uint32Array(2)), (n) => n.toString(36)).join("");
}
