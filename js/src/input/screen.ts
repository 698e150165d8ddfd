// How much room there is and how fine the screen's pixels are, as both change.

/** Calls back with the width for content of `element` in CSS pixels, now and on every change. */
export function watchWidth(
  element: HTMLElement,
  onWidth: (width: number) => void,
  aborted: AbortSignal,
): void {
  let known = -1;
  const tell = (width: number): void => {
    // Heights follow from what is done with the width: heeding them would go round in circles.
    // Width 0 is a cell that the notebook has taken off the page for now.
    if (width === known || width === 0) return;
    known = width;
    onWidth(width);
  };
  const style = getComputedStyle(element);
  const padding =
    (Number.parseFloat(style.paddingLeft) || 0) + (Number.parseFloat(style.paddingRight) || 0);
  tell(Math.max(0, element.clientWidth - padding));
  const observer = new ResizeObserver(([entry]) => {
    if (entry) tell(entry.contentRect.width);
  });
  observer.observe(element);
  aborted.addEventListener("abort", () => observer.disconnect());
}

/** Calls back on every change of the window's size. */
export function watchWindow(onResize: () => void, aborted: AbortSignal): void {
  globalThis.addEventListener("resize", onResize, { signal: aborted });
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
