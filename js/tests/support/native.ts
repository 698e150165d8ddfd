// What a browser does by itself with presses and keys, and jsdom does not.

/** Presses with the pointer as a browser does: the focus goes to the nearest that can have it. */
export function pressNatively(element: Element): void {
  const init = { bubbles: true, cancelable: true, composed: true, button: 0 };
  element.dispatchEvent(new PointerEvent("pointerdown", { ...init, pointerId: 1 }));
  const down = new MouseEvent("mousedown", init);
  element.dispatchEvent(down);
  if (!down.defaultPrevented) focusNearest(element);
  element.dispatchEvent(new PointerEvent("pointerup", { ...init, pointerId: 1 }));
  element.dispatchEvent(new MouseEvent("mouseup", init));
  element.dispatchEvent(new MouseEvent("click", init));
}

function focusNearest(element: Element): void {
  for (let at: Element | null = element; at instanceof Element; at = at.parentElement) {
    const focusable = at.matches("button, input, select, textarea, a[href], [tabindex]");
    if (focusable && at instanceof HTMLElement) {
      at.focus();
      return;
    }
  }
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

/** Presses a key where the focus is; a button does what browsers do on Enter and on Space. */
export function keyNatively(key: string, init: KeyboardEventInit = {}): KeyboardEvent {
  const target = document.activeElement ?? document.body;
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init });
  target.dispatchEvent(event);
  const presses = key === "Enter" || key === " ";
  if (presses && !event.defaultPrevented && target instanceof HTMLButtonElement) target.click();
  target.dispatchEvent(new KeyboardEvent("keyup", { key, bubbles: true, ...init }));
  return event;
}
