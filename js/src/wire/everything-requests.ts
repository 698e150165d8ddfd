// What a view asks of everything mode. Of slider moves the newest waits while one is in flight.

import type { Bytes, EverythingMessage, FromKernel, Reply } from "../protocol";
import type { EverythingRequest, EverythingThresholds } from "../protocol.generated";
import type { EverythingMode } from "../state/everything";
import type { EverythingActions } from "./actions";
import { takeCleaned, takeFound, takeState } from "./everything-messages";

type Ask = (what: EverythingRequest) => Promise<{ reply: Reply; buffers: readonly Bytes[] }>;

export function isOfEverything(message: FromKernel): message is EverythingMessage {
  return ["everything", "everything_cleaned", "everything_state"].includes(message.type);
}

export class EverythingRequests {
  readonly #mode: EverythingMode;
  readonly #ask: Ask;
  readonly #show: (error: unknown) => void;
  #filtering = false;
  #wanted: EverythingThresholds | null = null;
  #listing = false;

  constructor(mode: EverythingMode, ask: Ask, show: (error: unknown) => void) {
    this.#mode = mode;
    this.#ask = ask;
    this.#show = show;
  }

  actions(): EverythingActions {
    const send = (what: EverythingRequest): void => {
      this.#ask(what).catch(this.#show);
    };
    return {
      run: (points_per_side, crop_n_layers, box) => {
        const region = box && ([box.x0, box.y0, box.x1, box.y1] as const);
        send({ type: "everything_run", points_per_side, crop_n_layers, region });
      },
      cancel: () => send({ type: "everything_cancel" }),
      filter: (thresholds) => {
        this.#wanted = thresholds;
        void this.#filter();
      },
      keep: (rows, label) => send({ type: "everything_keep", rows, label: label || null }),
      list: () => void this.#list(),
    };
  }

  /** A message about a run; what is missing is asked for. */
  receive(message: EverythingMessage, buffers: readonly Bytes[]): void {
    if (message.type === "everything_cleaned") takeCleaned(this.#mode, message, buffers);
    else {
      const complete =
        message.type === "everything"
          ? takeFound(this.#mode, message, buffers)
          : takeState(this.#mode, message, buffers);
      if (!complete) void this.#list();
    }
  }

  async #filter(): Promise<void> {
    if (this.#filtering) return;
    this.#filtering = true;
    try {
      while (this.#wanted) {
        const wanted = this.#wanted;
        this.#wanted = null;
        await this.#ask({ type: "everything_filter", ...wanted });
      }
    } catch (error) {
      this.#show(error);
    } finally {
      this.#filtering = false;
    }
  }

  /** Fetch what there is from the first row on; no run yet is no mistake. */
  async #list(): Promise<void> {
    if (this.#listing) return;
    this.#listing = true;
    try {
      for (let start: number | null = 0; start !== null; ) {
        const { reply, buffers } = await this.#ask({ type: "everything_list", start });
        if (reply.of !== "everything_list") return;
        if (reply.count > 0) takeFound(this.#mode, { ...reply, type: "everything" }, buffers);
        start = reply.next;
      }
      // At its end, how the run stands is told again, with all rows there.
      await this.#ask({ type: "everything_list", start: this.#mode.masks.value.length });
    } catch {
      // There is nothing to show.
    } finally {
      this.#listing = false;
    }
  }
}
