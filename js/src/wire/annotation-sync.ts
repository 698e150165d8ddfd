// The accepted annotations as Python has them: fetched once in parts, then kept up by deltas.

import type { AnnotationsChanged, Bytes } from "../protocol";
import type { SceneAnnotation } from "../state/annotations";
import type { Store } from "../state/store";
import { afterDelta, withRle } from "./annotation-deltas";
import type { Requests } from "./requests";

export class AnnotationSync {
  readonly #store: Store;
  readonly #requests: Requests;
  readonly #fail: (error: unknown) => void;
  #listing = 0;
  #version = -1;

  constructor(store: Store, requests: Requests, fail: (error: unknown) => void) {
    this.#store = store;
    this.#requests = requests;
    this.#fail = fail;
  }

  /** Fetch every annotation, in parts that stay small; start over if they change meanwhile. */
  async refresh(): Promise<void> {
    const annotations: SceneAnnotation[] = [];
    let version: number | undefined;
    this.#listing += 1;
    const listing = this.#listing;
    try {
      for (let start: number | null = 0; start !== null; ) {
        const part = await this.#annotationsFrom(start);
        if (listing !== this.#listing) return;
        const consistent = version === undefined || version === part.version;
        if (consistent) annotations.push(...part.annotations);
        else annotations.length = 0;
        version = consistent ? part.version : undefined;
        start = consistent ? part.next : 0;
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#version = version ?? -1;
    this.#store.confirmedAnnotations.value = annotations;
  }

  /** Take what changed; a gap in versions asks for the full list. */
  applyDelta(delta: AnnotationsChanged, buffers: readonly Bytes[]): void {
    if (delta.version !== this.#version + 1) {
      if (delta.version > this.#version) void this.refresh();
      return;
    }
    this.#version = delta.version;
    const { confirmedAnnotations } = this.#store;
    confirmedAnnotations.value = afterDelta(confirmedAnnotations.value, delta, buffers);
  }

  async #annotationsFrom(
    start: number,
  ): Promise<{ version: number; annotations: SceneAnnotation[]; next: number | null }> {
    const { reply, buffers } = await this.#requests.ask<"annotations">({
      type: "annotations",
      start,
    });
    const annotations = reply.annotations.map((annotation) => withRle(annotation, buffers));
    return { version: reply.version, annotations, next: reply.next ?? null };
  }
}
