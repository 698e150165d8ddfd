// One view's end of the wire: connects the widget's model with the store, and answers with actions.

import type { Bytes, FromKernel, ImageStatus } from "../protocol";
import { gestureActions, type Navigation, type Request } from "../protocol.generated";
import type { Store } from "../state/store";
import type { Actions } from "./actions";
import { AnnotationSync } from "./annotation-sync";
import { EverythingRequests, isOfEverything } from "./everything-requests";
import { HoverPreview } from "./hover-preview";
import { ImageOpening } from "./image-opening";
import { hasComm, kernelOf, watchKernel } from "./kernel";
import { MIRRORED, type Model, mirrorTraits } from "./mirror";
import { Padding } from "./padding";
import { gestureSender } from "./pending-gestures";
import { RequestFailed } from "./request-failed";
import { Requests } from "./requests";

/**
 * JupyterLab gives a widget a thread of its own in the kernel, but not yet for its first message: if
 * the cell that displayed the widget runs on, that one waits. What has not been answered by these
 * times is asked again, and then goes to the new thread.
 */
const ASK_AGAIN_AFTER_MS = [500, 1500, 4000] as const;

/**
 * Wire `model`, shown in `element`, to `store` until `signal` aborts; returns what tools and panels
 * can ask for.
 */
export function connect(
  model: Model,
  store: Store,
  signal: AbortSignal,
  element: Element,
): Actions {
  return new Connection(model, store, signal, element).actions();
}

class Connection {
  readonly #model: Model;
  readonly #store: Store;
  readonly #requests: Requests;
  readonly #annotations: AnnotationSync;
  readonly #everything: EverythingRequests;
  readonly #padding: Padding;
  #heard = false;

  constructor(model: Model, store: Store, signal: AbortSignal, element: Element) {
    this.#model = model;
    this.#store = store;
    this.#requests = new Requests(store, (message, buffers) => this.#send(message, buffers));
    this.#padding = new Padding(store, this.#requests);
    this.#annotations = new AnnotationSync(store, this.#requests, (error) => this.#show(error));
    this.#everything = new EverythingRequests(
      store.everything,
      async (what) => {
        const answered = await this.#requests.ask(what);
        store.finished.value = { what, reopened: null };
        return answered;
      },
      (error) => this.#show(error),
    );
    this.#listen(signal);
    this.#mirror();
    this.#watchKernel(signal);
    this.#watchComm(element, signal);
    if (this.#store.connection.value === "absent") return;
    void this.#annotations.refresh();
    const timers = ASK_AGAIN_AFTER_MS.map((delay) => setTimeout(() => this.#askAgain(), delay));
    signal.addEventListener("abort", () => timers.forEach(clearTimeout));
  }

  actions(): Actions {
    const store = this.#store;
    const requests = this.#requests;
    const show = (error: unknown) => this.#show(error);
    const send = gestureSender(store, requests, show);
    const preview = new HoverPreview(store, (x, y) =>
      requests.ask<"preview">({ type: "preview", x, y }),
    );
    const images = new ImageOpening(
      store,
      (index) => this.#navigate({ type: "go_to", index }),
      show,
    );
    const gestures = gestureActions(send, () =>
      store.status.value === "predicting" ? null : store.answer.value.revision,
    );
    return {
      ...gestures,
      // An annotation that was reopened keeps its label, whatever the next one's is to be.
      accept: (label) => gestures.accept(store.document.value.reopened ? null : label),
      preview: (point) => preview.want(point),
      islands: async (annotation_id) =>
        (await requests.ask<"islands">({ type: "islands", annotation_id })).reply,
      everything: this.#everything.actions(),
      tile: (level, column, row) => this.#tile(level, column, row),
      goTo: (index) => images.want(index),
      mark: (index, status) => this.#mark(index, status),
      thumbnail: (index) => this.#thumbnail(index),
      export: async (format, scope) =>
        (await requests.ask<"export">({ type: "export", format, scope })).reply,
      summary: async () => (await requests.ask<"summary">({ type: "summary" })).reply,
    };
  }

  async #tile(level: number, column: number, row: number): Promise<Blob> {
    const image_id = this.#store.image.value?.id ?? "";
    const { reply, buffers } = await this.#requests.ask<"tile">({
      type: "tile",
      level,
      column,
      row,
      image_id,
    });
    return pictureOf(buffers, reply.mime);
  }

  #mark(index: number, status: ImageStatus): void {
    this.#navigate({ type: "mark", index, status }).catch((error: unknown) => this.#show(error));
  }

  async #navigate(what: Navigation): Promise<void> {
    await this.#requests.ask<"series">(what);
    this.#store.finished.value = { what, reopened: null };
  }

  async #thumbnail(index: number): Promise<{ picture: Blob; name: string }> {
    const { reply, buffers } = await this.#requests.ask<"thumbnail">({ type: "thumbnail", index });
    return { picture: pictureOf(buffers, reply.mime), name: reply.name };
  }

  #send(message: Request, buffers?: ArrayBuffer[]): void {
    if (message.type !== "ping") this.#padding.measureAtRest();
    this.#model.send(this.#padding.marked(message), undefined, buffers);
  }

  // ---- what comes in --------------------------------------------------------------------------

  #listen(signal: AbortSignal): void {
    const mirror = () => this.#mirror();
    const receive = (content: unknown, buffers: readonly Bytes[]) =>
      this.#receive(content as FromKernel, buffers);
    for (const trait of MIRRORED) this.#model.on(`change:${trait}`, mirror);
    this.#model.on("msg:custom", receive);
    signal.addEventListener("abort", () => {
      for (const trait of MIRRORED) this.#model.off(`change:${trait}`, mirror);
      this.#model.off("msg:custom", receive);
      this.#padding.close();
      this.#requests.close();
    });
  }

  #mirror(): void {
    if (mirrorTraits(this.#model, this.#store)) this.#padding.measureAtRest();
  }

  #receive(message: FromKernel, buffers: readonly Bytes[]): void {
    if (this.#store.connection.value === "busy") this.#store.connection.value = "live";
    if (this.#store.connection.value === "absent") this.#comeAlive();
    this.#heard = true;
    if (message.type === "annotations_changed") this.#annotations.applyDelta(message, buffers);
    else if (isOfEverything(message)) this.#everything.receive(message, buffers);
    else if (message.type === "closed") this.#requests.lose();
    else if (message.type !== "push") this.#requests.receive(message, buffers);
  }

  #show(error: unknown): void {
    if (error instanceof RequestFailed) {
      const { message, hint } = error.problem;
      this.#store.notice.value = { text: message, hint, kind: "error" };
    } else throw error;
  }

  // ---- is anybody there? ----------------------------------------------------------------------

  /** Nothing has been heard from the kernel: what is missing is asked for once more. */
  #askAgain(): void {
    if (this.#heard) {
      this.#padding.measure();
      return;
    }
    this.#requests.forget(["annotations", "ping"]);
    void this.#annotations.refresh();
  }

  #watchKernel(signal: AbortSignal): void {
    const kernel = kernelOf(this.#model);
    if (!kernel) return;
    const { connection } = this.#store;
    const onLost = () => {
      if (connection.value !== "absent") this.#requests.lose();
    };
    const onBack = () => {
      if (connection.value === "lost") this.#comeAlive();
    };
    watchKernel(kernel, { onLost, onBack }, signal);
  }

  /** A view of a saved state has no comm, until a kernel takes the model up. */
  #watchComm(element: Element, signal: AbortSignal): void {
    const { connection } = this.#store;
    if (!hasComm(element)) connection.value = "absent";
    const look = () => {
      if (connection.value === "absent" && hasComm(element)) this.#comeAlive();
    };
    this.#model.on("comm_live_update", look);
    signal.addEventListener("abort", () => this.#model.off("comm_live_update", look));
  }

  #comeAlive(): void {
    this.#store.connection.value = "live";
    this.#padding.forget();
    void this.#annotations.refresh();
  }
}

/** The picture that a reply brought in its first buffer. */
function pictureOf(buffers: readonly Bytes[], type: string): Blob {
  return new Blob(buffers.slice(0, 1) as BlobPart[], { type });
}
