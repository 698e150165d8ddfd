// Focus must not fall out of the widget when what had it goes away (a deleted row, a removed
// prompt): the next key would then be the notebook's.

/** When a focused element inside `root` is removed, the stage gets the focus. */
export function keepFocusInside(root: HTMLElement, signal: AbortSignal): void {
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
    root.querySelector<HTMLElement>("[data-testid=stage]")?.focus({ preventScroll: true });
  };
  const observer = new MutationObserver(rescue);
  observer.observe(root, { childList: true, subtree: true });
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
}
