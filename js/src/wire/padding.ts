// Bytes behind answers, on links where they help: the only place of the page that knows of them.
//
// Where a notebook server does not set TCP_NODELAY, the operating system keeps a small answer back
// until the browser's end acknowledges the message before it, which it does 40 ms late. Bytes sent
// after the answer push it out at once. On a loopback interface they are free; on a slow link they
// would cost more than they save. Only a measurement tells one from the other: a page on localhost
// may be a tunnel to the other side of the world.

import type { Store } from "../state/store";

/** Asks the kernel for nothing; resolves when the whole reply is in, with padding if `push`. */
type Ping = (push: boolean) => Promise<unknown>;

/** Questions in a row: only then is each one's answer held back by the one before. */
const PLAIN_PINGS = 4;
const PUSHED_PINGS = 5;
/** A link that answers faster than this holds nothing back: the delay alone is 40 ms. */
const HELD_BACK_MS = 30;
/** Padding that takes longer than this to arrive costs what it could save. */
const CHEAP_MS = 35;
/** Beyond this the kernel was doing something else, and nothing is learnt. */
const OCCUPIED_MS = 500;
/** A measurement this old is made again when the link is used; a doubtful one sooner. */
const RENEW_MS = 60_000;
const DOUBTFUL_MS = 5000;
/** After padding proved useless, it is tried more and more rarely: it is not free there. */
const BACK_OFF = 4;
const RENEW_AT_MOST_MS = 3_600_000;

/** A view at rest for this long has time to measure how answers travel. */
const RESTING_MS = 300;

/** What a view's link is measured with: one ping, asked when nothing else is on its way. */
interface Link {
  readonly idle: boolean;
  ping(): Promise<unknown>;
}

/** Measures the link of a view when it rests, and marks its requests accordingly. */
export class Padding {
  readonly #store: Store;
  readonly #link: Link;
  readonly #delay: AnswerDelay;
  #trial = false;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(store: Store, link: Link) {
    this.#store = store;
    this.#link = link;
    this.#delay = new AnswerDelay(
      (push) => {
        this.#trial = push;
        return link.ping();
      },
      (push) => {
        store.pushing.value = push;
      },
    );
  }

  /** A request as it is sent: with `push` if bytes are to follow its answer. */
  marked<R extends { type: string }>(request: R): R & { push?: true } {
    const push = request.type === "ping" ? this.#trial : this.#store.pushing.value;
    return push ? { ...request, push: true } : request;
  }

  /** Measure how answers travel, when nothing else is to travel or to be computed. */
  measure(): void {
    if (this.#store.kernelStatus.value === "ready" && this.#link.idle) void this.#delay.refresh();
  }

  measureAtRest(): void {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.measure(), RESTING_MS);
  }

  /** Another connection may be another link. */
  forget(): void {
    this.#delay.forget();
  }

  close(): void {
    clearTimeout(this.#rest);
  }
}

/** Measures now and then, and says whether bytes should follow answers. */
export class AnswerDelay {
  readonly #ping: Ping;
  readonly #decide: (push: boolean) => void;
  readonly #now: () => number;
  #due = Number.NEGATIVE_INFINITY;
  #renewAfter = RENEW_MS;
  #wait = DOUBTFUL_MS;
  #measuring = false;

  constructor(ping: Ping, decide: (push: boolean) => void, now = () => performance.now()) {
    this.#ping = ping;
    this.#decide = decide;
    this.#now = now;
  }

  /** The link is in use: look at it again, unless that was done lately. */
  async refresh(): Promise<void> {
    if (this.#measuring || this.#now() < this.#due) return;
    this.#measuring = true;
    this.#wait = DOUBTFUL_MS;
    try {
      await this.#measure();
    } catch {
      // No answer, no news.
    } finally {
      this.#measuring = false;
      this.#due = this.#now() + this.#wait;
    }
  }

  forget(): void {
    this.#due = Number.NEGATIVE_INFINITY;
    this.#renewAfter = RENEW_MS;
  }

  async #measure(): Promise<void> {
    const plain = await this.#times(false, PLAIN_PINGS, OCCUPIED_MS);
    if (plain.length < PLAIN_PINGS) return;
    // The first one follows a pause, and is often let through.
    const usual = median(plain.slice(1));
    if (usual < HELD_BACK_MS) {
      this.#renewAfter = RENEW_MS;
      this.#wait = RENEW_MS;
      this.#decide(false);
      return;
    }
    const pushed = await this.#times(true, PUSHED_PINGS, usual);
    // The best one tells what the bytes cost; the others what a busy machine makes of it.
    const cheap = Math.min(...pushed) <= CHEAP_MS;
    const helps = cheap && median(pushed) < 0.8 * usual;
    this.#renewAfter = cheap ? RENEW_MS : Math.min(this.#renewAfter * BACK_OFF, RENEW_AT_MOST_MS);
    this.#wait = cheap && !helps ? DOUBTFUL_MS : this.#renewAfter;
    this.#decide(helps);
  }

  /** Round trips in milliseconds, one after the other; none after the second beyond `limit`. */
  async #times(push: boolean, count: number, limit: number): Promise<number[]> {
    const times: number[] = [];
    let late = 0;
    while (times.length < count && late < 2) {
      const sentAt = this.#now();
      await this.#ping(push);
      times.push(this.#now() - sentAt);
      if ((times.at(-1) ?? 0) > limit) late += 1;
    }
    return times;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
