// How much room there is and how fine the screen's pixels are, as both change.

import type { Size } from "../geometry/viewport";

/** Calls back with the size of `element` in CSS pixels, now and on every change. */
export function watchSize(
  element: HTMLElement,
  onSize: (size: Size) => void,
  aborted: AbortSignal,
): void {
  const tell = ({ width, height }: Size): void => {
    // Nothing is a cell that the notebook has taken off the page for now.
    if (width > 0 && height > 0) onSize({ width, height });
  };
  const observer = new ResizeObserver(([entry]) => {
    if (entry) tell(entry.contentRect);
  });
  observer.observe(element);
  aborted.addEventListener("abort", () => observer.disconnect());
  tell({ width: element.clientWidth, height: element.clientHeight });
}

/** Calls back when `element` is seen again: after another tab, a folded cell, a scroll away. */
export function watchShown(element: HTMLElement, onShown: () => void, aborted: AbortSignal): void {
  let seen = true;
  const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting } of entries) {
      if (isIntersecting && !seen) onShown();
      seen = isIntersecting;
    }
  });
  observer.observe(element);
  aborted.addEventListener("abort", () => observer.disconnect());
  const onVisible = () => {
    if (!document.hidden) onShown();
  };
  document.addEventListener("visibilitychange", onVisible, { signal: aborted });
}

/** Calls back with the device pixels per CSS pixel, now and on every change: other screen, zoom. */
export function watchDevicePixels(onRatio: (ratio: number) => void, aborted: AbortSignal): void {
  const watch = (): void => {
    if (aborted.aborted) return;
    const ratio = globalThis.devicePixelRatio || 1;
    onRatio(ratio);
    const query = globalThis.matchMedia(`(resolution: ${ratio}dppx)`);
    query.addEventListener("change", watch, { once: true, signal: aborted });
  };
  watch();
}
