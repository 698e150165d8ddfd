// The label for the next object, and the button that accepts it.

import type { Actions, Store } from "../store";
import { useId } from "../unique-id";
import { Icon } from "./icons";

interface Props {
  store: Store;
  actions: Actions;
}

/** More labels than this are offered while typing only. */
const MOST_CHIPS = 8;

export function AcceptPanel({ store, actions }: Props) {
  const suggestions = useId();
  const labels = store.labels.value;
  const label = store.label.value;
  const nothing = store.prediction.value.candidates.length === 0;
  const reopened = store.document.value.reopened !== null;
  const accept = () => {
    if (!nothing) actions.accept(store.label.value || null);
  };
  return (
    <section class="sam-panel sam-accept" aria-label="Accept">
      {labels.length > 0 && labels.length <= MOST_CHIPS && (
        <LabelChips labels={labels} store={store} />
      )}
      <div class="sam-accept-row">
        <input
          type="text"
          class="sam-input"
          data-testid="label-input"
          placeholder="Label (optional)"
          aria-label="Label of the next object"
          list={suggestions}
          autocomplete="off"
          spellcheck={false}
          maxLength={200}
          value={label}
          onInput={({ currentTarget }) => {
            store.label.value = currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.isComposing) return;
            event.preventDefault();
            accept();
          }}
        />
        <datalist id={suggestions}>
          {labels.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
        <button
          type="button"
          class="sam-primary"
          data-testid="accept"
          title={
            reopened
              ? "Put the chosen mask in the place of the reopened object's (Enter)"
              : "Accept the chosen mask as an object (Enter)"
          }
          aria-disabled={nothing}
          onClick={accept}
        >
          <Icon name="check" />
          {reopened ? "Replace" : "Accept"}
        </button>
      </div>
    </section>
  );
}

function LabelChips({ labels, store }: { labels: readonly string[]; store: Store }) {
  return (
    <fieldset class="sam-chips" aria-label="Labels">
      {labels.map((one) => (
        <button
          type="button"
          class="sam-chip"
          key={one}
          data-testid="label-chip"
          title={one}
          aria-pressed={store.label.value === one}
          onClick={() => {
            store.label.value = store.label.value === one ? "" : one;
          }}
        >
          {one}
        </button>
      ))}
    </fieldset>
  );
}
