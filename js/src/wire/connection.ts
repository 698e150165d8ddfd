// The only file that touches the widget's model: traits into the store, gestures out, answers back.

import type { AnyModel } from "@anywidget/types";
import type {
  AnnotationsChanged,
  Bytes,
  ErrorReply,
  EverythingRequest,
  FromKernel,
  Gesture,
  ImageStatus,
  Navigation,
  Query,
  Reply,
  Traits,
  WithPoints,
} from "../protocol";
import { type Actions, batch, type SceneObject, type Store } from "../state/store";
import { Link } from "./answer-delay";
import { EverythingRequests, isOfEverything } from "./everything-requests";
import { editActions } from "./gesture-actions";
import { LatestPreview } from "./hover-preview";
import { LatestImage } from "./image-opening";
import { kernelOf } from "./kernel";
import { MIRRORED } from "./mirror";
import { objectActions } from "./object-actions";
import { afterDelta, withRle } from "./object-deltas";
import { lostProblem, RequestFailed } from "./request-failed";

/**
 * JupyterLab gives a widget a thread of its own in the kernel, but not yet for its first message: if
 * the cell that displayed the widget runs on, that one waits. What has not been answered by these
 * times is asked again, and then goes to the new thread.
 */
const ASK_AGAIN_AFTER_MS = [500, 1500, 4000] as const;
/** A view at rest for this long has time to look at its link. */
const RESTING_MS = 300;
/** A request unanswered for this long means that the kernel is occupied. */
const BUSY_AFTER_MS = 700;

type Model = AnyModel<Traits & Record<string, unknown>>;

interface Answer<R> {
  reply: R;
  buffers: readonly Bytes[];
}

interface Waiting {
  type: (Query | Gesture | Navigation | EverythingRequest)["type"];
  sentAt: number;
  settle(reply: Reply | ErrorReply, buffers: readonly Bytes[]): void;
}

/** Wire `model` to `store` until `signal` aborts; returns what tools and panels can ask for. */
export function connect(model: Model, store: Store, signal: AbortSignal): Actions {
  return new Connection(model, store, signal).actions();
}

class Connection {
  readonly #model: Model;
  readonly #store: Store;
  readonly #waiting = new Map<string, Waiting>();
  // Several views share one model and see each other's replies: ids say whose they are.
  readonly #viewId = randomId();
  readonly #link: Link;
  readonly #everything: EverythingRequests;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #count = 0;
  #heard = false;
  #listing = 0;
  #annotationsVersion = -1;
  #watch: ReturnType<typeof setInterval> | undefined;

  constructor(model: Model, store: Store, signal: AbortSignal) {
    this.#model = model;
    this.#store = store;
    const mirror = () => this.#mirror();
    const receive = (content: unknown, buffers: readonly Bytes[]) =>
      this.#receive(content as FromKernel, buffers);
    for (const trait of MIRRORED) model.on(`change:${trait}`, mirror);
    model.on("msg:custom", receive);
    signal.addEventListener("abort", () => {
      for (const trait of MIRRORED) model.off(`change:${trait}`, mirror);
      model.off("msg:custom", receive);
      clearInterval(this.#watch);
      clearTimeout(this.#rest);
      this.#waiting.clear();
    });
    this.#everything = new EverythingRequests(
      store.everything,
      (what) => this.#ask(what),
      (error) => this.#show(error),
    );
    this.#link = new Link(
      (push) => this.#ask({ type: "ping" }, push),
      (push) => {
        store.pushing.value = push;
      },
    );
    this.#mirror();
    this.#watchKernel(signal);
    void this.#refreshAnnotations();
    const timers = ASK_AGAIN_AFTER_MS.map((delay) => setTimeout(() => this.#askAgain(), delay));
    signal.addEventListener("abort", () => timers.forEach(clearTimeout));
  }

  actions(): Actions {
    const gesture = (what: Gesture) => this.#gesture(what);
    const preview = new LatestPreview(this.#store, (x, y) =>
      this.#ask<"preview">({ type: "preview", x, y }),
    );
    const images = new LatestImage(
      this.#store,
      (index) => this.#ask<"series">({ type: "go_to", index }),
      (error) => this.#show(error),
    );
    return {
      addPoint: (x, y, positive) => gesture({ type: "add_point", x, y, positive }),
      movePoint: (index, x, y) => gesture({ type: "move_point", index, x, y }),
      removePoint: (index) => gesture({ type: "remove_point", index }),
      setBox: (box) => gesture({ type: "set_box", ...box }),
      removeBox: () => gesture({ type: "remove_box" }),
      removeMask: () => gesture({ type: "remove_mask" }),
      setMaskFrom: (annotation_id) => gesture({ type: "set_mask_from", annotation_id }),
      setMultimask: (value) => gesture({ type: "set_multimask", value }),
      choose: (index) => {
        const { prediction, status } = this.#store;
        const revision = status.value === "predicting" ? null : prediction.value.revision;
        gesture({ type: "choose", index, revision });
      },
      clear: () => gesture({ type: "clear" }),
      undo: () => gesture({ type: "undo" }),
      redo: () => gesture({ type: "redo" }),
      ...editActions(gesture),
      islands: async (annotation_id) =>
        (await this.#ask<"islands">({ type: "islands", annotation_id })).reply,
      // An object that was reopened keeps its label, whatever the next one's is to be.
      accept: (label) =>
        gesture({ type: "accept", label: this.#store.document.value.reopened ? null : label }),
      ...objectActions(gesture),
      preview: (point) => preview.want(point),
      everything: this.#everything.actions(),
      tile: (level, column, row) => this.#tile(level, column, row),
      goTo: (index) => images.want(index),
      mark: (index, status) => this.#mark(index, status),
      thumbnail: (index) => this.#thumbnail(index),
    };
  }

  // ---- traits -> store ------------------------------------------------------------------------

  #mirror(): void {
    // The manager sets every changed trait before the first event, so one event reads them all.
    const { image, document, prediction, kernelStatus, problem, model, labels } = this.#store;
    const { labelColors, series } = this.#store;
    let becameReady = false;
    batch(() => {
      const before = image.value?.id;
      image.value = this.#model.get("image_state") ?? null;
      if (image.value?.id !== before) {
        this.#store.preview.value = null;
        this.#store.foreseen.value = null;
      }
      document.value = this.#model.get("document");
      prediction.value = this.#model.get("prediction");
      const { value: previously } = kernelStatus;
      kernelStatus.value = this.#model.get("status");
      becameReady = kernelStatus.value === "ready" && ["loading", "encoding"].includes(previously);
      problem.value = this.#model.get("problem") ?? null;
      model.value = this.#model.get("model_info");
      labels.value = this.#model.get("labels");
      series.value = this.#model.get("series_state") ?? null;
      labelColors.value = this.#model.get("label_colors") ?? {};
    });
    if (becameReady) this.#lookAtLinkAtRest();
  }

  // ---- requests -------------------------------------------------------------------------------

  #ask<K extends Reply["of"]>(
    what: Query | Gesture | Navigation | EverythingRequest,
    push = this.#store.pushing.value === true,
  ): Promise<Answer<Extract<Reply, { of: K }>>> {
    if (this.#store.connection.value === "lost") {
      return Promise.reject(new RequestFailed(lostProblem()));
    }
    this.#count += 1;
    const id = `${this.#viewId}-${this.#count}`;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, {
        type: what.type,
        sentAt: performance.now(),
        settle: (reply, buffers) =>
          reply.type === "error"
            ? reject(new RequestFailed(reply))
            : resolve({ reply: reply as Extract<Reply, { of: K }>, buffers }),
      });
      if (what.type !== "ping") this.#lookAtLinkAtRest();
      this.#watch ??= setInterval(() => this.#checkAnswers(), BUSY_AFTER_MS / 4);
      try {
        const { version } = this.#store.document.value;
        const { points, ...content } = what as (Gesture | Query) & Partial<WithPoints>;
        const message = { ...content, id, version, ...(push && { push }) };
        if (points) this.#model.send(message, undefined, [points.buffer]);
        else this.#model.send(message);
      } catch {
        // The comm is gone, and with it every answer.
        this.#lose();
      }
    });
  }

  /** Nothing has been heard from the kernel: what is missing is asked for once more. */
  #askAgain(): void {
    if (this.#heard) {
      this.#lookAtLink();
      return;
    }
    for (const [id, { type }] of this.#waiting) {
      if (type === "annotations" || type === "ping") this.#waiting.delete(id);
    }
    void this.#refreshAnnotations();
  }

  /** Measure how answers travel, when nothing else is to travel or to be computed. */
  #lookAtLink(): void {
    const ready = this.#store.kernelStatus.value === "ready";
    if (ready && this.#waiting.size === 0) void this.#link.refresh();
  }

  #lookAtLinkAtRest(): void {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#lookAtLink(), RESTING_MS);
  }

  #gesture(what: Gesture): void {
    const { pending, awaitedVersion, opening } = this.#store;
    // It would be meant for an image that is leaving, or for one not seen yet.
    if (opening.value !== null) return;
    const done = () => {
      pending.value = pending.value.filter((other) => other !== what);
    };
    const answer = this.#ask<"gesture">(what);
    // The provisional mark is drawn before the answer is in, and from here on the view waits.
    pending.value = [...pending.value, what];
    answer.then(
      ({ reply }) =>
        batch(() => {
          awaitedVersion.value = Math.max(awaitedVersion.value, reply.version);
          done();
        }),
      (error: unknown) =>
        batch(() => {
          done();
          this.#show(error);
        }),
    );
  }

  async #tile(level: number, column: number, row: number): Promise<Blob> {
    const image_id = this.#store.image.value?.id ?? "";
    const { reply, buffers } = await this.#ask<"tile">({
      type: "tile",
      level,
      column,
      row,
      image_id,
    });
    return new Blob(buffers.slice(0, 1) as BlobPart[], { type: reply.mime });
  }

  #mark(index: number, status: ImageStatus): void {
    this.#ask<"series">({ type: "mark", index, status }).catch((error: unknown) =>
      this.#show(error),
    );
  }

  async #thumbnail(index: number): Promise<{ picture: Blob; name: string }> {
    const { reply, buffers } = await this.#ask<"thumbnail">({ type: "thumbnail", index });
    const picture = new Blob(buffers.slice(0, 1) as BlobPart[], { type: reply.mime });
    return { picture, name: reply.name };
  }

  /** Fetch every accepted object, in parts that stay small; start over if they change meanwhile. */
  async #refreshAnnotations(): Promise<void> {
    const objects: SceneObject[] = [];
    let version: number | undefined;
    this.#listing += 1;
    const listing = this.#listing;
    try {
      for (let start: number | null = 0; start !== null; ) {
        const part = await this.#annotationsFrom(start);
        if (listing !== this.#listing) return;
        const consistent = version === undefined || version === part.version;
        if (consistent) objects.push(...part.objects);
        else objects.length = 0;
        version = consistent ? part.version : undefined;
        start = consistent ? part.next : 0;
      }
    } catch (error) {
      this.#show(error);
      return;
    }
    this.#annotationsVersion = version ?? -1;
    this.#store.confirmedObjects.value = objects;
  }

  async #annotationsFrom(
    start: number,
  ): Promise<{ version: number; objects: SceneObject[]; next: number | null }> {
    const { reply, buffers } = await this.#ask<"annotations">({ type: "annotations", start });
    const objects = reply.annotations.map((one) => withRle(one, buffers));
    return { version: reply.version, objects, next: reply.next ?? null };
  }

  // ---- answers --------------------------------------------------------------------------------

  #receive(message: FromKernel, buffers: readonly Bytes[]): void {
    if (this.#store.connection.value === "busy") this.#store.connection.value = "live";
    this.#heard = true;
    if (message.type === "annotations_changed") this.#applyDelta(message, buffers);
    else if (isOfEverything(message)) this.#everything.receive(message, buffers);
    else if (message.type === "closed") this.#lose();
    else if (message.type === "progress") {
      const waiting = this.#waiting.get(message.to);
      if (waiting) waiting.sentAt = Number.POSITIVE_INFINITY;
    } else if (message.type !== "push" && message.to !== null) {
      const waiting = this.#waiting.get(message.to);
      this.#waiting.delete(message.to);
      if (this.#waiting.size === 0) this.#stopWatching();
      waiting?.settle(message, buffers);
    }
  }

  #applyDelta(delta: AnnotationsChanged, buffers: readonly Bytes[]): void {
    if (delta.version !== this.#annotationsVersion + 1) {
      if (delta.version > this.#annotationsVersion) void this.#refreshAnnotations();
      return;
    }
    this.#annotationsVersion = delta.version;
    const { confirmedObjects } = this.#store;
    confirmedObjects.value = afterDelta(confirmedObjects.value, delta, buffers);
  }

  #show(error: unknown): void {
    if (error instanceof RequestFailed) {
      const { message, hint } = error.problem;
      this.#store.notice.value = { text: message, hint, kind: "error" };
    } else throw error;
  }

  // ---- is anybody there? ----------------------------------------------------------------------

  #checkAnswers(): void {
    const now = performance.now();
    const { connection } = this.#store;
    const late = [...this.#waiting.values()].some((one) => now - one.sentAt > BUSY_AFTER_MS);
    if (late && connection.value === "live") connection.value = "busy";
  }

  #stopWatching(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  #lose(): void {
    const abandoned = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#stopWatching();
    batch(() => {
      this.#store.connection.value = "lost";
      for (const one of abandoned) one.settle(lostProblem(), []);
    });
  }

  #watchKernel(signal: AbortSignal): void {
    const kernel = kernelOf(this.#model);
    if (!kernel) return;
    let gone = false;
    const look = () => {
      // A restarted kernel has forgotten this widget; a dropped connection may come back.
      gone ||= ["restarting", "autorestarting", "terminating", "dead"].includes(kernel.status);
      if (gone || kernel.connectionStatus !== "connected") this.#lose();
      else if (this.#store.connection.value === "lost") {
        this.#store.connection.value = "live";
        this.#link.forget();
        void this.#refreshAnnotations();
      }
    };
    kernel.statusChanged.connect(look);
    kernel.connectionStatusChanged.connect(look);
    signal.addEventListener("abort", () => {
      kernel.statusChanged.disconnect(look);
      kernel.connectionStatusChanged.disconnect(look);
    });
  }
}

function randomId(): string {
  // crypto.randomUUID needs a secure context; hubs on plain http have none.
  return Array.from(crypto.getRandomValues(new Uint32Array(2)), (n) => n.toString(36)).join("");
}
