// The accepted objects as Python has them: fetched once in parts, then kept up by deltas.

import type { AnnotationsChanged, Bytes } from "../protocol";
import type { SceneObject } from "../state/objects";
import type { Store } from "../state/store";
import { afterDelta, withRle } from "./object-deltas";
import type { Requests } from "./requests";

export class ObjectSync {
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

  /** Fetch every accepted object, in parts that stay small; start over if they change meanwhile. */
  async refresh(): Promise<void> {
    const objects: SceneObject[] = [];
    let version: number | undefined;
    this.#listing += 1;
    const listing = this.#listing;
    try {
      for (let start: number | null = 0; start !== null; ) {
        const part = await this.#objectsFrom(start);
        if (listing !== this.#listing) return;
        const consistent = version === undefined || version === part.version;
        if (consistent) objects.push(...part.objects);
        else objects.length = 0;
        version = consistent ? part.version : undefined;
        start = consistent ? part.next : 0;
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#version = version ?? -1;
    this.#store.confirmedObjects.value = objects;
  }

  /** Take what changed; a gap in versions asks for the full list. */
  applyDelta(delta: AnnotationsChanged, buffers: readonly Bytes[]): void {
    if (delta.version !== this.#version + 1) {
      if (delta.version > this.#version) void this.refresh();
      return;
    }
    this.#version = delta.version;
    const { confirmedObjects } = this.#store;
    confirmedObjects.value = afterDelta(confirmedObjects.value, delta, buffers);
  }

  async #objectsFrom(
    start: number,
  ): Promise<{ version: number; objects: SceneObject[]; next: number | null }> {
    const { reply, buffers } = await this.#requests.ask<"annotations">({
      type: "annotations",
      start,
    });
    const objects = reply.annotations.map((annotation) => withRle(annotation, buffers));
    return { version: reply.version, objects, next: reply.next ?? null };
  }
}
