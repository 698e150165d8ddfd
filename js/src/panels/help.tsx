// All gestures and shortcuts in one place. The shortcuts are those that run, none is typed twice.

import { useEffect, useRef } from "preact/hooks";
import { displayKeys } from "../commands/key-names";
import { SHORTCUTS, type ShortcutGroup } from "../commands/shortcuts";
import { POINTER_GESTURES } from "../commands/words/pointer-gestures";
import type { Store } from "../state/store";
import { IconButton } from "./controls/icon-button";

const GROUPS = [...new Set(SHORTCUTS.map(({ group }) => group))];

export function Help({ store }: { store: Store }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = store.helpOpen.value;
  useEffect(() => {
    // A modal dialog traps the focus and gives it back, all by itself.
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open && dialog.current?.open) dialog.current.close();
  }, [open]);
  const close = () => {
    store.helpOpen.value = false;
  };
  return (
    <dialog
      class="sam-help"
      data-testid="help"
      aria-label="Help"
      // A press on its text leaves the focus here.
      tabIndex={-1}
      ref={dialog}
      onClose={close}
      onKeyDown={(event) => {
        // Tab must not leave for the browser's own buttons.
        const closes = event.key === "Escape" || event.key === "?";
        if (closes) close();
        if (event.key === "Tab") event.currentTarget.querySelector("button")?.focus();
        if (closes || event.key === "Tab") event.preventDefault();
      }}
      onClick={(event) => {
        // The dialog's own box is covered by its content: only its backdrop is left to hit.
        if (event.target === event.currentTarget) close();
      }}
    >
      {open && (
        <div class="sam-help-content">
          <div class="sam-panel-head">
            <h2>Segment by pointing</h2>
            <IconButton
              small={true}
              icon="clear"
              label="Close help"
              testId="help-close"
              onPress={close}
            />
          </div>
          <div class="sam-help-tables">
            <GestureTable />
            {GROUPS.map((group) => (
              <ShortcutTable key={group} group={group} />
            ))}
          </div>
          <p class="sam-dim">
            One point is ambiguous, so it gives three masks: a subpart, a part, the whole. Choose
            one, or add points and a box until one mask is right, then accept it.
          </p>
        </div>
      )}
    </dialog>
  );
}

function GestureTable() {
  return (
    <table>
      <caption>On the picture</caption>
      <tbody>
        {POINTER_GESTURES.map(({ gesture, label }) => (
          <tr key={gesture}>
            <th scope="row">{gesture}</th>
            <td>{label}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function ShortcutTable({ group }: { group: ShortcutGroup }) {
  const shown = SHORTCUTS.filter((shortcut) => shortcut.group === group && shortcut.shown !== "");
  return (
    <table>
      <caption>{group}</caption>
      <tbody>
        {shown.map((shortcut) => (
          <tr key={shortcut.id}>
            <th scope="row">
              <kbd>{displayKeys(shortcut)}</kbd>
            </th>
            <td>{shortcut.label}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
