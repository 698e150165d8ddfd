// Covers the window with the widget. A popover lies in the browser's top layer: whatever a notebook
// does to its cells, by overflow, containment or transforms, it is not cut or moved.

import { effect } from "@preact/signals";
import type { Layout } from "../state/layout";

/** Follow `layout.fullWindow` until `signal` aborts. */
export function followFullWindow(root: HTMLElement, layout: Layout, signal: AbortSignal): void {
  let covering = false;
  const cover = (): void => {
    covering = true;
    // Its place in the notebook stays as high as it was, so that nothing scrolls.
    const place = root.parentElement;
    const { height } = root.getBoundingClientRect();
    keepFocus(() => {
      if (place) place.style.setProperty("--sam-place", `${height}px`);
      place?.classList.add("sam-place-kept");
      root.dataset.full = "true";
      root.setAttribute("popover", "manual");
      root.showPopover?.();
    });
    // Within a frame only the whole screen is more than the frame.
    if (globalThis.parent !== globalThis.self && document.fullscreenEnabled) {
      root.requestFullscreen().catch(() => undefined);
    }
  };
  const uncover = (): void => {
    covering = false;
    if (document.fullscreenElement === root) document.exitFullscreen().catch(() => undefined);
    keepFocus(() => {
      if (root.matches(":popover-open")) root.hidePopover();
      root.removeAttribute("popover");
      delete root.dataset.full;
      root.parentElement?.classList.remove("sam-place-kept");
    });
  };
  const keepFocus = (change: () => void): void => {
    const focused = root.querySelector<HTMLElement>(":focus");
    change();
    focused?.focus({ preventScroll: true });
  };
  const stop = effect(() => {
    const wanted = layout.fullWindow.value;
    if (wanted && !covering) cover();
    if (!wanted && covering) uncover();
  });
  document.addEventListener(
    "fullscreenchange",
    () => {
      // The browser's own way out: its Escape never reaches the page.
      if (covering && wasFullscreen && document.fullscreenElement === null) {
        layout.fullWindow.value = false;
      }
      wasFullscreen = document.fullscreenElement === root;
    },
    { signal },
  );
  let wasFullscreen = false;
  signal.addEventListener("abort", () => {
    stop();
    if (covering) uncover();
  });
}
