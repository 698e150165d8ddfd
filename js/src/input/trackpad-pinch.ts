// A pinch on a trackpad in Safari, which comes as events of its own; other browsers send a wheel with
// Control. On a touch screen it comes along with pointers, which zoom already.

import { zoomView } from "../commands/zoom";
import type { Point } from "../geometry/viewport";
import type { Store } from "../state/store";

/** Safari's own; no list of types has it. */
interface GestureEvent extends UIEvent {
  readonly scale: number;
  readonly clientX: number;
  readonly clientY: number;
}

export function mountTrackpadPinch(
  element: HTMLElement,
  store: Store,
  pointers: { placeOf(client: Point): Point; isTouched(): boolean },
  signal: AbortSignal,
): void {
  let before = 1;
  const listen = (kind: string, handle: (event: GestureEvent) => void) =>
    element.addEventListener(
      kind,
      (event) => {
        // Else the whole page would be zoomed.
        event.preventDefault();
        handle(event as GestureEvent);
      },
      { signal, passive: false },
    );
  listen("gesturestart", ({ scale }) => {
    before = scale;
  });
  listen("gesturechange", ({ scale, clientX, clientY }) => {
    if (pointers.isTouched() || !(scale > 0 && before > 0)) return;
    zoomView(store, scale / before, pointers.placeOf({ x: clientX, y: clientY }));
    before = scale;
  });
  listen("gestureend", () => {
    before = 1;
  });
}
