// Draws the stack of canvases, all that changed in one animation frame. It listens to nothing but
// signals, and says what it has painted: data-transform, store.paintedRevision and paintedPreview.

import { batch, computed, effect, type ReadonlySignal, untracked } from "@preact/signals-core";
import { type Frame, makeFrame } from "../geometry/frame";
import { MaskError } from "../geometry/rle";
import { formatTransform, type Size, transformOf } from "../geometry/viewport";
import type { Store } from "../state/store";
import { holdPanels, holdPanelsAwhile } from "./answer-first";
import type { Layer } from "./layers/layer";

/** A layer and the canvas that is its own. */
export interface Surface {
  readonly layer: Layer;
  readonly canvas: HTMLCanvasElement;
}

/** What the renderer knows of a surface. */
interface Canvas extends Surface {
  /** The layer has nothing to draw. */
  empty: boolean;
  /** The frame for which the canvas was left blank; null if there is something on it. */
  blankIn: Frame | null;
}

export interface Renderer {
  /** Draws what has changed now: for a resize, which must not show one stretched frame first. */
  flush(): void;
  /** Draws everything again: the browser may have dropped what was on the canvases. */
  repaint(): void;
}

export function mountRenderer(
  stage: HTMLElement,
  surfaces: readonly Surface[],
  store: Store,
  backing: ReadonlySignal<Size>,
  aborted: AbortSignal,
): Renderer {
  const changed = new Set<Canvas>();
  let scheduled = 0;
  const frame = computed<Frame | null>(() => {
    const image = store.image.value;
    const size = store.stageSize.value;
    if (image === null || size.width === 0 || size.height === 0) return null;
    const transform = transformOf(image, size, store.view.value);
    return makeFrame(image, size, backing.value, transform);
  });

  const draw = (): void => {
    const todo = [...changed];
    changed.clear();
    const now = frame.peek();
    for (const surface of todo) {
      if (untracked(() => drawSurface(surface, now, store))) change(surface);
    }
  };
  const paint = (): void => {
    cancelAnimationFrame(scheduled);
    scheduled = 0;
    draw();
    const now = frame.peek();
    if (now) stage.setAttribute("data-transform", formatTransform(now.transform));
    else stage.removeAttribute("data-transform");
    report(store);
    panels.release();
  };
  const schedule = (): void => {
    if (scheduled === 0) scheduled = requestAnimationFrame(paint);
  };
  const change = (surface: Canvas): void => {
    changed.add(surface);
    schedule();
  };

  const canvases = surfaces.map((surface): Canvas => ({ ...surface, empty: false, blankIn: null }));
  const stops = canvases.map((surface) =>
    effect(() => {
      const now = frame.value;
      surface.empty = surface.layer.watch() === null;
      // A canvas that is touched is copied to the screen whole: a blank one is left alone.
      if (!surface.empty || now === null || surface.blankIn !== now) change(surface);
    }),
  );
  const panels = putAnswersFirst(store, () => {
    schedule();
    // An answer is drawn when it is in, and not in the frame, which then ends the sooner.
    queueMicrotask(draw);
  });
  aborted.addEventListener("abort", () => {
    for (const stop of stops) stop();
    cancelAnimationFrame(scheduled);
    panels.stop();
  });
  return {
    flush() {
      if (!aborted.aborted) paint();
    },
    repaint: () => canvases.filter(({ empty }) => !empty).forEach(change),
  };
}

/** Tells when there is a mask to draw. Panels wait for it, until `release` says it is painted. */
function putAnswersFirst(
  store: Store,
  arrived: () => void,
): { release: () => void; stop: () => void } {
  let release = (): void => undefined;
  const stops = [
    // A revision without any mask is painted, too: by clearing.
    effect(() => {
      dependOn(store.shownAnswer.value, store.answer.value, store.preview.value);
      release();
      release = holdPanels();
      arrived();
    }),
    effect(() => (store.awaiting.value ? holdPanelsAwhile() : undefined)),
  ];
  return {
    release: () => release(),
    stop: () => {
      for (const stop of stops) stop();
      release();
    },
  };
}

/** To have read signals is all it takes: an effect runs again when they change. */
function dependOn(..._values: unknown[]): void {
  // Nothing is done with them.
}

/** True if the layer has work left for another frame. */
function drawSurface(surface: Canvas, frame: Frame | null, store: Store): boolean {
  const { layer, canvas } = surface;
  const context = canvas.getContext("2d");
  if (context === null) return false;
  if (frame && (canvas.width !== frame.backing.width || canvas.height !== frame.backing.height)) {
    canvas.width = frame.backing.width;
    canvas.height = frame.backing.height;
  }
  context.clearRect(0, 0, canvas.width, canvas.height);
  surface.blankIn = surface.empty ? frame : null;
  canvas.style.visibility = surface.empty ? "hidden" : "";
  if (frame === null || surface.empty) return false;
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
    store.paintedRevision.value = store.answer.peek().revision;
    const preview = store.preview.peek();
    if (preview) store.paintedPreview.value = preview.revision;
    const foreseen = store.foreseen.peek();
    const shown = foreseen?.answer === store.shownAnswer.peek();
    store.paintedForeseen.value = shown ? foreseen : null;
  });
}
