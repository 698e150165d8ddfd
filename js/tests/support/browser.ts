// What a browser has and jsdom lacks, as little of it as the panels touch.

import { setMaxListeners } from "node:events";
import { vi } from "vitest";

/** Stub for one test; unstubGlobals takes the globals away again. */
export function stubBrowser(): void {
  // Every part of a view listens to the same AbortSignal; Node takes many for a leak.
  setMaxListeners(100);
  vi.stubGlobal("ResizeObserver", IdleObserver);
  vi.stubGlobal("IntersectionObserver", IdleObserver);
  vi.stubGlobal("matchMedia", (media: string) =>
    Object.assign(new EventTarget(), { media, matches: false }),
  );
  // No picture ever arrives: what is drawn is looked at in a real browser.
  vi.stubGlobal("createImageBitmap", () => new Promise(() => undefined));
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
  HTMLDialogElement.prototype.showModal = function showModal() {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function close() {
    this.open = false;
    this.dispatchEvent(new Event("close"));
  };
}

/** Nothing is ever resized here. */
class IdleObserver {
  readonly observe = idle;
  readonly unobserve = idle;
  readonly disconnect = idle;
}

function idle(): void {
  // See IdleObserver.
}
