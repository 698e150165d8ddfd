// Focus must not fall out of the widget, by a press on something that takes none or because what
// had it goes away (a deleted row, a removed prompt): the next key would be the notebook's.

/** What the pointer presses and keys press, too: by pointer it gets no focus. */
const BUTTONS = "button, summary, a, [role=button], [role=menuitem]";
const FIELDS = "input, textarea, select, [contenteditable]";
const TEXT = "input:not([type=range], [type=color], [type=checkbox], [type=radio]), textarea";
/** What a press changes at once, and nothing is left to be done with keys. */
const CHOICES = "select, [type=color], [type=checkbox], [type=radio]";
/** Has focus of its own while it is open. */
const OPENED = "dialog, [popover], [role=menu]";

/** Keep the keys of a person who pressed somewhere inside `root` inside. */
export function keepFocusInside(root: HTMLElement, stage: HTMLElement, signal: AbortSignal): void {
  keepFocusOfPresses(root, stage, signal);
  rescueFocus(root, stage, signal);
}

function keepFocusOfPresses(root: HTMLElement, stage: HTMLElement, signal: AbortSignal): void {
  let byPointer = false;
  const give = (element: HTMLElement) => element.focus({ preventScroll: true });
  // The whole widget is one while it covers the window.
  const isOpened = (target: EventTarget | null) => ![null, root].includes(within(target, OPENED));
  // A press on blanks focuses the nearest ancestor that can be: this one, and no cell around it.
  root.tabIndex = -1;
  const listen = <Kind extends keyof HTMLElementEventMap>(
    kind: Kind,
    handle: (event: HTMLElementEventMap[Kind]) => void,
    capture = false,
  ) => root.addEventListener(kind, handle, { signal, capture });
  listen("focusin", ({ target }) => {
    if (target === root) give(stage);
  });
  listen(
    "keydown",
    () => {
      byPointer = false;
    },
    true,
  );
  listen(
    "pointerdown",
    ({ target }) => {
      byPointer = true;
      // Some presses move no focus at all: on a scrollbar, and on any button in Safari.
      if (!(holdsFocus(root) || isOpened(target))) give(stage);
    },
    true,
  );
  listen(
    "mousedown",
    (event) => {
      // A screen reader's press comes without a pointer, and its focus is its own.
      if (!byPointer) return;
      const field = within(event.target, FIELDS);
      if (field && !field.matches(TEXT)) give(field);
      if (field || !isWithin(event.target, BUTTONS)) return;
      event.preventDefault();
      if (!isOpened(event.target)) give(stage);
    },
    true,
  );
  listen("change", ({ target }) => {
    if (byPointer && isWithin(target, CHOICES) && !isOpened(target)) give(stage);
  });
}

/** When a focused element inside `root` is removed, the stage gets the focus. */
function rescueFocus(root: HTMLElement, stage: HTMLElement, signal: AbortSignal): void {
  let focused: HTMLElement | null = null;
  root.addEventListener(
    "focusin",
    ({ target }) => {
      focused = target instanceof HTMLElement ? target : null;
    },
    { signal },
  );
  root.addEventListener(
    "focusout",
    () => {
      // While an element is being removed it loses the focus first: only later is it known why.
      const left = focused;
      setTimeout(() => {
        if (focused === left && left?.isConnected && !left.matches(":focus")) focused = null;
      });
    },
    { signal },
  );
  const rescue = () => {
    if (focused === null || focused.isConnected) return;
    focused = null;
    const { activeElement, body } = document;
    if (activeElement !== null && activeElement !== body) return;
    stage.focus({ preventScroll: true });
  };
  const observer = new MutationObserver(rescue);
  observer.observe(root, { childList: true, subtree: true });
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
}

function within(target: EventTarget | null, selector: string): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>(selector) : null;
}

function isWithin(target: EventTarget | null, selector: string): boolean {
  return within(target, selector) !== null;
}

/** Whether the focus is inside, wherever the host has put the widget. */
function holdsFocus(root: HTMLElement): boolean {
  const page = root.getRootNode();
  return root.contains(page instanceof ShadowRoot ? page.activeElement : document.activeElement);
}
