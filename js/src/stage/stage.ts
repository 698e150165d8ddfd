// The stage: the stack of canvases and its size. It draws, and listens to nothing a person does.

import { batch, effect, type Signal, signal } from "@preact/signals-core";
import type { CommandContext } from "../commands/context";
import { clampView, fitStage, maxZoom, type Size } from "../geometry/viewport";
import { watchDevicePixels, watchWidth, watchWindow } from "../input/screen";
import { peekedMask } from "../state/selectors";
import type { Store } from "../state/store";
import { annotationsLayer } from "./layers/annotations";
import { editLayer } from "./layers/edit";
import { everythingLayer } from "./layers/everything";
import { previewLayer } from "./layers/hover-preview";
import { imageLayer } from "./layers/image";
import type { Layer } from "./layers/layer";
import { marksLayer } from "./layers/marks";
import { outlineLayer, overlayLayer } from "./layers/overlay";
import { mountRenderer, type Renderer, type Surface } from "./renderer";

/** Shown before there is an image. */
const PLACEHOLDER: Size = { width: 480, height: 320 };
/** The stage is at most this high, in CSS pixels and as a part of the window. */
const MOST_HEIGHT = 720;
const LEAST_HEIGHT = 160;
const PART_OF_WINDOW = 0.7;

const LABEL =
  "Image to segment. Click to include, right-click or Alt-click to exclude, drag for a box. " +
  "With the keyboard: arrows move a crosshair, I includes, X excludes, Enter accepts, " +
  "question mark for help.";

export function mountStage(
  container: HTMLElement,
  { store, actions, interaction }: CommandContext,
  aborted: AbortSignal,
): HTMLElement {
  const stage = createStage();
  const layers: Layer[] = [
    imageLayer(store, actions, aborted),
    annotationsLayer(store),
    everythingLayer(store),
    previewLayer(store),
    overlayLayer(store),
    outlineLayer(store),
    editLayer(store, interaction, () => surfaces[0]?.canvas ?? null),
    marksLayer(store, interaction),
  ];
  const surfaces: Surface[] = layers.map((layer) => createSurface(stage, layer));
  container.append(stage);

  const backing = signal<Size>({ width: 0, height: 0 });
  const renderer = mountRenderer(stage, surfaces, store, backing, aborted);
  const stops = [
    keepSize(container, stage, store, backing, renderer, aborted),
    showOpacity(surfaces, store),
    tellCrosshair(stage, store, interaction.crosshair),
  ];
  aborted.addEventListener("abort", () => {
    for (const stop of stops) stop();
    stage.remove();
  });
  return stage;
}

/** Fits the stage to the image and the room there is, whichever of them changes. */
function keepSize(
  container: HTMLElement,
  stage: HTMLElement,
  store: Store,
  backing: Signal<Size>,
  renderer: Renderer,
  aborted: AbortSignal,
): () => void {
  const room = signal<Size>({ width: 0, height: 0 });
  const devicePixels = signal(1);
  const stop = effect(() => {
    const image = store.image.value;
    const ratio = devicePixels.value;
    if (room.value.width === 0) return;
    const size = fitStage(image ?? PLACEHOLDER, room.value, ratio);
    stage.style.width = `${size.width}px`;
    stage.style.height = `${size.height}px`;
    // In the middle, but on whole pixels, which "auto" would not heed.
    stage.style.marginLeft = `${Math.floor((room.value.width - size.width) / 2)}px`;
    batch(() => {
      store.stageSize.value = size;
      backing.value = {
        width: Math.round(size.width * ratio),
        height: Math.round(size.height * ratio),
      };
      if (image) store.view.value = clampView(store.view.peek(), maxZoom(image, size));
    });
  });
  const resize = (width: number): void => {
    room.value = roomFor(width);
    renderer.flush();
  };
  watchWidth(container, resize, aborted);
  watchWindow(() => resize(room.value.width), aborted);
  watchDevicePixels((ratio) => {
    devicePixels.value = ratio;
    renderer.flush();
  }, aborted);
  return stop;
}

function createStage(): HTMLElement {
  const stage = document.createElement("div");
  stage.className = "sam-stage";
  stage.tabIndex = 0;
  stage.dataset.testid = "stage";
  stage.setAttribute("role", "application");
  stage.setAttribute("aria-label", LABEL);
  return stage;
}

function createSurface(stage: HTMLElement, layer: Layer): Surface {
  const canvas = document.createElement("canvas");
  canvas.className = `sam-layer sam-layer-${layer.name}`;
  // The toolbar has an "outline" too; only the overlay is a name others rely on.
  canvas.dataset.testid = layer.name === "overlay" ? "overlay" : `layer-${layer.name}`;
  canvas.setAttribute("aria-hidden", "true");
  stage.append(canvas);
  return { layer, canvas };
}

function roomFor(width: number): Size {
  const height = Math.min(globalThis.innerHeight * PART_OF_WINDOW, MOST_HEIGHT);
  return { width, height: Math.max(height, LEAST_HEIGHT) };
}

/**
 * By CSS alone: the overlay's pixels stay what the chosen mask is, also while another candidate is
 * looked at in its place.
 */
function showOpacity(surfaces: readonly Surface[], store: Store): () => void {
  const canvasOf = (name: string) => surfaces.find(({ layer }) => layer.name === name)?.canvas;
  const [overlay, outline] = [canvasOf("overlay"), canvasOf("outline")];
  return effect(() => {
    const hidden = peekedMask(store) !== null;
    if (overlay) overlay.style.opacity = hidden ? "0" : String(store.opacity.value);
    if (outline) outline.style.opacity = hidden ? "0" : "1";
  });
}

/** Tells a screen reader where the crosshair is, in image pixels. */
function tellCrosshair(
  stage: HTMLElement,
  store: Store,
  crosshair: { readonly value: { x: number; y: number } | null },
): () => void {
  const where = document.createElement("div");
  where.className = "sam-visually-hidden";
  where.setAttribute("aria-live", "polite");
  stage.append(where);
  return effect(() => {
    const at = store.image.value && crosshair.value;
    where.textContent = at ? `Column ${Math.round(at.x)}, row ${Math.round(at.y)}` : "";
  });
}
