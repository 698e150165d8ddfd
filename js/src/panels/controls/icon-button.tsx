// The one kind of button with a picture for a face.

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
  /** Not on the way of the Tab key: what holds it can do the same. */
  skipped?: boolean;
}

export function IconButton(props: Props) {
  const { icon, label, testId, onPress, pressed, unavailable = false, shortcut, small } = props;
  const { skipped = false } = props;
  const title = shortcut ? `${label} (${shortcut})` : label;
  return (
    <button
      type="button"
      class={`sam-icon-button${small ? " sam-small" : ""}`}
      data-testid={testId}
      title={title}
      aria-label={title}
      aria-pressed={pressed}
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
