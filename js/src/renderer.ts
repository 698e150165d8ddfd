// Draws the stack of canvases, all that changed in one animation frame. It listens to nothing but
// signals, and says what it has painted: data-transform, store.paintedRevision and paintedPreview.

import { computed, effect, type ReadonlySignal, untracked } from "@preact/signals-core";
import type { Frame, Layer } from "./layers/layer";
import { makeFrame } from "./layers/layer";
import { MaskError } from "./masks";
import { batch, type Store } from "./store";
import { formatTransform, type Size, transformOf } from "./viewport";

/** A layer and the canvas that is its own. */
export interface Surface {
  readonly layer: Layer;
  readonly canvas: HTMLCanvasElement;
}

export interface Renderer {
  /** Draws what has changed now: for a resize, which must not show one stretched frame first. */
  flush(): void;
}

export function mountRenderer(
  stage: HTMLElement,
  surfaces: readonly Surface[],
  store: Store,
  backing: ReadonlySignal<Size>,
  aborted: AbortSignal,
): Renderer {
  const changed = new Set<Surface>();
  let scheduled = 0;
  const frame = computed<Frame | null>(() => {
    const image = store.image.value;
    const size = store.stageSize.value;
    if (image === null || size.width === 0 || size.height === 0) return null;
    const transform = transformOf(image, size, store.view.value);
    return makeFrame(image, size, backing.value, transform);
  });

  const paint = (): void => {
    cancelAnimationFrame(scheduled);
    scheduled = 0;
    const todo = [...changed];
    changed.clear();
    const now = frame.peek();
    for (const surface of todo) {
      if (untracked(() => drawSurface(surface, now, store))) change(surface);
    }
    if (now) stage.setAttribute("data-transform", formatTransform(now.transform));
    else stage.removeAttribute("data-transform");
    report(store);
  };
  const schedule = (): void => {
    if (scheduled === 0) scheduled = requestAnimationFrame(paint);
  };
  const change = (surface: Surface): void => {
    changed.add(surface);
    schedule();
  };

  const stops = surfaces.map((surface) =>
    effect(() => {
      dependOn(frame.value, surface.layer.watch());
      change(surface);
    }),
  );
  // A revision without any mask is painted, too: by clearing.
  stops.push(
    effect(() => {
      dependOn(store.prediction.value, store.preview.value);
      schedule();
    }),
  );
  aborted.addEventListener("abort", () => {
    for (const stop of stops) stop();
    cancelAnimationFrame(scheduled);
  });
  return {
    flush() {
      if (!aborted.aborted) paint();
    },
  };
}

/** To have read signals is all it takes: an effect runs again when they change. */
function dependOn(..._values: unknown[]): void {
  // Nothing is done with them.
}

/** True if the layer has work left for another frame. */
function drawSurface({ layer, canvas }: Surface, frame: Frame | null, store: Store): boolean {
  const context = canvas.getContext("2d");
  if (context === null) return false;
  if (frame && (canvas.width !== frame.backing.width || canvas.height !== frame.backing.height)) {
    canvas.width = frame.backing.width;
    canvas.height = frame.backing.height;
  }
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (frame === null) return false;
  try {
    return layer.draw(context, frame);
  } catch (error) {
    if (!(error instanceof MaskError)) throw error;
    store.notice.value = {
      kind: "error",
      text: `A mask could not be drawn. ${error.message}`,
      hint: "Undo the last step or run the cell again.",
    };
    return false;
  }
}

function report(store: Store): void {
  batch(() => {
    store.paintedRevision.value = store.prediction.peek().revision;
    const preview = store.preview.peek();
    if (preview) store.paintedPreview.value = preview.revision;
  });
}
