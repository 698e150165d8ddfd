// A small window below the button that opens it, inside the widget; it closes when it is left.

import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

/** CSS pixels between the window and what is around it. */
const GAP = 4;
const LEAST_HEIGHT = 120;

interface Props {
  /** What opens it. Focus goes back there. */
  anchor: RefObject<HTMLElement | null>;
  role: "menu" | "dialog";
  label: string;
  testId: string;
  onClose: () => void;
  onKeyDown?: (event: KeyboardEvent & { currentTarget: HTMLElement }) => void;
  children: ComponentChildren;
}

export function Popover(props: Props) {
  const { anchor, role, label, testId, onClose, onKeyDown, children } = props;
  const window = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (anchor.current && window.current) placeBelow(window.current, anchor.current);
  });
  useEffect(() => {
    window.current?.querySelector<HTMLElement>("button, input")?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    const press = ({ target }: Event) => {
      const inside = [window, anchor].some(({ current }) => current?.contains(target as Node));
      if (!inside) onClose();
    };
    document.addEventListener("pointerdown", press, true);
    return () => document.removeEventListener("pointerdown", press, true);
  }, [anchor, onClose]);
  const giveBack = () => {
    onClose();
    anchor.current?.focus({ preventScroll: true });
  };
  return (
    // biome-ignore lint/a11y: both roles take a name and keys.
    <div
      class="sam-popover"
      role={role}
      aria-label={label}
      data-testid={testId}
      ref={window}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.preventDefault();
          giveBack();
        } else onKeyDown?.(event);
      }}
      onFocusOut={({ currentTarget, relatedTarget }) => {
        const to = relatedTarget instanceof Node ? relatedTarget : null;
        const inside = to && (currentTarget.contains(to) || anchor.current?.contains(to));
        if (to && !inside) onClose();
      }}
    >
      {children}
    </div>
  );
}

/** Below the button, and inside the widget, which cuts off what juts out. */
function placeBelow(window: HTMLElement, anchor: HTMLElement): void {
  const root = anchor.closest<HTMLElement>(".sam-widget");
  if (!root) return;
  const outer = root.getBoundingClientRect();
  const button = anchor.getBoundingClientRect();
  const left = button.right - outer.left - window.offsetWidth;
  const most = outer.width - window.offsetWidth - 2 * GAP;
  const top = button.bottom - outer.top + GAP;
  window.style.left = `${Math.max(GAP, Math.min(left, most))}px`;
  window.style.top = `${top}px`;
  window.style.maxHeight = `${Math.max(LEAST_HEIGHT, outer.height - top - 2 * GAP)}px`;
}
