// The stage: the stack of canvases and its size. It draws, and listens to nothing a person does.

import { batch, effect, type Signal, signal } from "@preact/signals-core";
import type { CommandContext } from "../commands/context";
import { clampView, type Size, stageIn } from "../geometry/viewport";
import { watchDevicePixels, watchShown, watchSize } from "../input/screen";
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
import { tagsLayer } from "./layers/tags";
import { mountRenderer, type Renderer, type Surface } from "./renderer";

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
    tagsLayer(store),
    marksLayer(store, interaction),
  ];
  const surfaces: Surface[] = layers.map((layer) => createSurface(stage, layer));
  container.append(stage);

  const backing = signal<Size>({ width: 0, height: 0 });
  const renderer = mountRenderer(stage, surfaces, store, backing, aborted);
  // WebKit drops the picture of a canvas that is not seen, and shows grey when it is seen again.
  watchShown(stage, () => renderer.repaint(), aborted);
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

/** The stage is as large as its container, and its canvases have the screen's own pixels. */
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
    const size = stageIn(room.value, ratio);
    stage.style.width = `${size.width}px`;
    stage.style.height = `${size.height}px`;
    batch(() => {
      store.stageSize.value = size;
      backing.value = {
        width: Math.round(size.width * ratio),
        height: Math.round(size.height * ratio),
      };
      if (image) store.view.value = clampView(store.view.peek(), image, size);
    });
  });
  watchSize(
    container,
    (size) => {
      room.value = size;
      renderer.flush();
    },
    aborted,
  );
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
