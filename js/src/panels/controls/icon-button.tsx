// The one kind of button with a picture for a face.

import type { RefObject } from "preact";
import { Icon, type IconName } from "./icons";

interface Props {
  icon: IconName;
  /** What it does: the tooltip and the accessible name. */
  label: string;
  testId: string;
  onPress: () => void;
  /** For buttons that stay pressed. */
  pressed?: boolean;
  unavailable?: boolean;
  /** As in aria-keyshortcuts. */
  shortcut?: string;
  small?: boolean;
  /** What it opens, and whether that is open. */
  opens?: "menu" | "dialog";
  expanded?: boolean;
  element?: RefObject<HTMLButtonElement | null>;
  /** Not on the way of the Tab key: what holds it can do the same. */
  skipped?: boolean;
}

export function IconButton(props: Props) {
  const { icon, label, testId, onPress, pressed, unavailable = false, shortcut, small } = props;
  const { skipped = false, opens, expanded, element } = props;
  const title = shortcut ? `${label} (${shortcut})` : label;
  return (
    <button
      type="button"
      class={`sam-icon-button${small ? " sam-small" : ""}`}
      data-testid={testId}
      title={title}
      aria-label={title}
      aria-pressed={pressed}
      aria-haspopup={opens}
      aria-expanded={expanded}
      ref={element ?? null}
      // Not `disabled`: a button that loses focus would hand the next key to the notebook.
      aria-disabled={unavailable}
      tabIndex={skipped ? -1 : undefined}
      onClick={() => {
        if (!unavailable) onPress();
      }}
    >
      <Icon name={icon} />
    </button>
  );
}
