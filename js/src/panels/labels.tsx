// Labels, that is class names: their colours, keys and counts. A press chooses one.

import { useComputed, useSignal } from "@preact/signals";
import { chooseLabel } from "../commands/annotations";
import type { ViewContext } from "../commands/context";
import { labelKey } from "../commands/key-names";
import { countByLabel } from "../state/annotations";
import { hasPrompts, selectedAnnotations, shownLabelColor } from "../state/selectors";
import type { Store } from "../state/store";
import { drawNow } from "./controls/draw-now";
import { Field } from "./controls/field";
import { IconButton } from "./controls/icon-button";
import { LabelField } from "./controls/label-field";

export function Labels({ store, actions }: ViewContext) {
  const counts = useComputed(() => countByLabel(store.annotations.value));
  const adding = useSignal(false);
  const labels = store.labels.value;
  const added = (label: string | null) => {
    adding.value = false;
    if (label) actions.addLabel(label);
  };
  return (
    <fieldset class="sam-panel sam-labels" aria-label="Labels">
      {labels.map((label, index) => (
        <LabelRow
          key={label}
          label={label}
          index={index}
          count={counts.value.get(label) ?? 0}
          store={store}
          actions={actions}
        />
      ))}
      {adding.value && <LabelField label="" testId="label-new" onEdited={added} />}
      {labels.length > 0 && <AcceptSwitch store={store} />}
      <IconButton
        small={true}
        icon="plus"
        label="Add a label"
        testId="label-add"
        onPress={() =>
          drawNow(() => {
            adding.value = true;
          })
        }
      />
    </fieldset>
  );
}

/** Whether a label that is chosen accepts, too: one key less for each object. */
function AcceptSwitch({ store }: { store: Store }) {
  const { acceptOnLabel, acceptOnLabelChoice } = store;
  return (
    <button
      type="button"
      class="sam-toggle"
      data-testid="accept-on-label"
      title="Choosing a label, by key or press, accepts the mask on screen under it"
      aria-pressed={acceptOnLabel.value}
      onClick={() => {
        acceptOnLabelChoice.value = !acceptOnLabel.value;
      }}
    >
      Label accepts
    </button>
  );
}

interface RowProps extends ViewContext {
  label: string;
  index: number;
  count: number;
}

function LabelRow({ label, index, count, store, actions }: RowProps) {
  const editing = useSignal(false);
  const keys = labelKey(index);
  const forSelection = !hasPrompts(store) && selectedAnnotations(store).length > 0;
  const edit = () =>
    drawNow(() => {
      editing.value = true;
    });
  const edited = (to: string | null) => {
    editing.value = false;
    if (to && to !== label) {
      if (store.label.value === label) store.label.value = to;
      actions.renameLabel(label, to);
    }
  };
  return (
    <div class="sam-label-row" data-testid="label-row" data-label={label}>
      <Field
        type="color"
        class="sam-swatch"
        data-testid="label-color"
        title={`Colour of ${label}, and of all its objects`}
        aria-label={`Colour of ${label}`}
        value={() => shownLabelColor(store, label)}
        onChange={({ currentTarget }) => actions.recolorLabel(label, currentTarget.value)}
      />
      {editing.value ? (
        <LabelField label={label} testId="label-rename" onEdited={edited} />
      ) : (
        <button
          type="button"
          class="sam-chip"
          data-testid="label-chip"
          title={`${label}: ${forSelection ? "label the selected objects" : "label the next object"}${keys && ` (${keys})`}; double-click or F2 renames`}
          aria-pressed={store.label.value === label}
          aria-keyshortcuts={keys || undefined}
          onClick={() => chooseLabel({ store, actions }, label)}
          onDblClick={edit}
          onKeyDown={(event) => {
            if (event.key !== "F2") return;
            event.preventDefault();
            edit();
          }}
        >
          {label}
        </button>
      )}
      <span class="sam-label-tail">
        {count > 0 ? (
          <span class="sam-label-count" data-testid="label-count" title={`Objects under ${label}`}>
            {count}
          </span>
        ) : (
          <IconButton
            small={true}
            icon="clear"
            label={`Remove the label ${label}`}
            testId="label-remove"
            onPress={() => actions.removeLabel(label)}
          />
        )}
        {keys && <kbd title={keys}>{keys.replace("Shift+", "⇧")}</kbd>}
      </span>
    </div>
  );
}
