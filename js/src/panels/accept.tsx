// The label for the next annotation, and the button that accepts it: always in view.

import type { ViewContext } from "../commands/context";
import { Field } from "./controls/field";
import { Icon } from "./controls/icons";
import { useId } from "./controls/unique-id";

export function AcceptRow({ store, actions }: ViewContext) {
  const suggestions = useId();
  const labels = store.labels.value;
  const nothing = store.answer.value.candidates.length === 0;
  const reopened = store.document.value.reopened !== null;
  const accept = () => {
    if (!nothing) actions.accept(store.label.value || null);
  };
  return (
    <section class="sam-accept-row" aria-label="Accept">
      <Field
        type="text"
        class="sam-input"
        data-testid="label-input"
        placeholder="Label (optional)"
        aria-label="Label of the next object"
        list={suggestions}
        autocomplete="off"
        spellcheck={false}
        maxLength={200}
        value={() => store.label.value}
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
        {labels.map((suggestion) => (
          <option key={suggestion} value={suggestion} />
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
    </section>
  );
}
