// What can be done to the selected annotations, each in one step for undo.

import { useComputed, useSignal } from "@preact/signals";
import {
  deleteSelected,
  duplicateSelected,
  jumpToSelected,
  relabelSelected,
  showOnlySelected,
  toggleSelected,
} from "../../commands/annotations";
import type { ViewContext } from "../../commands/context";
import { keysOf } from "../../commands/key-names";
import { selectedAnnotations, takes } from "../../state/selectors";
import { Field } from "../controls/field";
import { formatCount } from "../controls/format";
import { IconButton } from "../controls/icon-button";
import { useId } from "../controls/unique-id";

export function SelectionBar({ store, actions }: ViewContext) {
  const selected = useComputed(() => selectedAnnotations(store));
  const count = selected.value.length;
  if (count === 0) return null;
  const hidden = selected.value.every(({ visible }) => !visible);
  return (
    <fieldset class="sam-selection" data-testid="selection-bar" aria-label="Selected objects">
      <div class="sam-selection-head">
        <span data-testid="selection-count">{formatCount(count, "object")} selected</span>
        <span class="sam-spacer" />
        <IconButton
          small={true}
          icon="jump"
          label="Zoom to the selected objects"
          shortcut={keysOf("objects-jump")}
          testId="selection-jump"
          onPress={() => jumpToSelected(store)}
        />
        <IconButton
          small={true}
          icon="only"
          label="Hide all other objects"
          testId="selection-only"
          onPress={() => showOnlySelected({ store, actions })}
        />
        <IconButton
          small={true}
          icon={hidden ? "eyeOff" : "eye"}
          label={hidden ? "Show the selected objects" : "Hide the selected objects"}
          shortcut={keysOf("objects-hide")}
          testId="selection-visible"
          onPress={() => toggleSelected({ store, actions })}
        />
        {count === 1 && (
          <IconButton
            small={true}
            icon="duplicate"
            label="Duplicate the selected object"
            shortcut={keysOf("objects-duplicate")}
            testId="selection-duplicate"
            onPress={() => duplicateSelected({ store, actions })}
          />
        )}
        <IconButton
          small={true}
          icon="trash"
          label="Delete the selected objects"
          shortcut="Delete"
          testId="selection-delete"
          onPress={() => deleteSelected({ store, actions })}
        />
      </div>
      {count === 1 && <OfOne store={store} actions={actions} />}
      <RelabelField store={store} actions={actions} count={count} />
    </fieldset>
  );
}

/** What can be done to a single object, in words: no sign is known for it. */
function OfOne({ store, actions }: ViewContext) {
  const [annotation] = selectedAnnotations(store);
  if (!annotation) return null;
  return (
    <div class="sam-selection-words">
      <button
        type="button"
        class="sam-word"
        data-testid="selection-reopen"
        title="Its prompts come back; accepting replaces it"
        onClick={() => actions.reopen(annotation.id)}
      >
        Reopen
      </button>
      {takes(store, "mask") && (
        <button
          type="button"
          class="sam-word"
          data-testid="selection-mask-prompt"
          title="A new object begins from the mask of this one"
          onClick={() => actions.setMaskFrom(annotation.id)}
        >
          Use as mask prompt
        </button>
      )}
    </div>
  );
}

function RelabelField({ store, actions, count }: ViewContext & { count: number }) {
  const suggestions = useId();
  const typed = useSignal("");
  const relabel = (field: HTMLInputElement) => {
    relabelSelected({ store, actions }, field.value.trim());
    typed.value = "";
    field.closest(".sam-objects")?.querySelector<HTMLElement>("[role=grid]")?.focus();
  };
  return (
    <>
      <Field
        type="text"
        class="sam-input"
        data-testid="selection-label"
        placeholder={`New label of ${count === 1 ? "this object" : `these ${count}`}, then Enter`}
        aria-label="New label of the selected objects"
        list={suggestions}
        autocomplete="off"
        spellcheck={false}
        maxLength={200}
        value={() => typed.value}
        onInput={({ currentTarget }) => {
          typed.value = currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.isComposing) return;
          event.preventDefault();
          relabel(event.currentTarget);
        }}
      />
      <datalist id={suggestions}>
        {store.labels.value.map((label) => (
          <option key={label} value={label} />
        ))}
      </datalist>
    </>
  );
}
