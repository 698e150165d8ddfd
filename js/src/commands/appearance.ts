// How masks are shown: how opaque, and whether they are previewed.

import { stepBrushRadius } from "../state/brush";
import { isSlowModel } from "../state/hover-preview";
import type { Store } from "../state/store";

/** Previews off, or on again; a slow model's come only because the person wants them. */
export function togglePreviews({ previewChoice, previewing, model }: Store): void {
  if (previewing.value) previewChoice.value = "off";
  else previewChoice.value = isSlowModel(model.value) ? "on" : "auto";
}

/** `[` and `]`: the size of the brush while it is in hand, else how opaque masks are. */
export function lessOrMore(store: Store, direction: 1 | -1): void {
  const painting = store.tool.value === "brush" || store.tool.value === "eraser";
  if (painting) stepBrushRadius(store, direction);
  else changeOpacity(store, 0.1 * direction);
}

function changeOpacity(store: Store, step: number): void {
  const opacity = Math.min(Math.max(store.opacity.value + step, 0), 1);
  store.opacity.value = Math.round(opacity * 100) / 100;
}

/** By how much the picture may be made lighter or darker, sharper or flatter. */
export const MOST_LIGHT = 4;

/** Whether the picture looks as it was taken. */
export function isAsTaken({ brightness, contrast }: Store): boolean {
  return brightness.value === 1 && contrast.value === 1;
}

export function resetLight({ brightness, contrast }: Store): void {
  brightness.value = 1;
  contrast.value = 1;
}

/** As a CSS filter. */
export function pictureFilter(store: Store): string {
  if (isAsTaken(store)) return "none";
  const [brightness, contrast] = [store.brightness.value, store.contrast.value].map(
    (factor) => Math.round(1000 * factor) / 1000,
  );
  return `brightness(${brightness}) contrast(${contrast})`;
}
