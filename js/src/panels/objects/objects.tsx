// Accepted objects: a list that one can search, select in, and work on, usable with thousands.

import { useComputed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { ViewContext } from "../../commands/context";
import { showAll } from "../../commands/objects";
import { countByLabel, EVERY_OBJECT, matching } from "../../state/objects";
import type { Store } from "../../state/store";
import { formatCount } from "../controls/format";
import { IconButton } from "../controls/icon-button";
import { ObjectListbox } from "./listbox";
import { SelectionBar } from "./selection-bar";

export function Objects({ store, actions }: ViewContext) {
  const listed = useComputed(() => matching(store.objects.value, store.objectFilter.value));
  const count = store.objects.value.length;
  const shown = listed.value.length;
  return (
    <section class="sam-panel sam-objects" aria-label="Objects">
      <header class="sam-panel-head">
        <h3>Objects</h3>
        <span class="sam-spacer" />
        {store.objects.value.some(({ visible }) => !visible) && (
          <IconButton
            small={true}
            icon="eye"
            label="Show all objects"
            testId="objects-show-all"
            onPress={() => showAll({ store, actions })}
          />
        )}
        {count > 0 && (
          <span class="sam-badge" data-testid="object-count">
            {shown === count ? count : `${shown} of ${count}`}
          </span>
        )}
      </header>
      {count > 0 && <ObjectFilterRow store={store} />}
      {count === 0 && <p class="sam-placeholder">Accepted objects are listed here.</p>}
      {count > 0 && shown === 0 && (
        <p class="sam-placeholder">
          None of {formatCount(count, "object")} fits.{" "}
          <button
            type="button"
            class="sam-link"
            data-testid="objects-unfilter"
            onClick={() => {
              store.objectFilter.value = EVERY_OBJECT;
            }}
          >
            Show all
          </button>
        </p>
      )}
      <ObjectListbox store={store} actions={actions} objects={listed.value} />
      <SelectionBar store={store} actions={actions} />
    </section>
  );
}

function ObjectFilterRow({ store }: { store: Store }) {
  const counts = useComputed(() => countByLabel(store.objects.value));
  const field = useRef<HTMLInputElement>(null);
  const { label, text } = store.objectFilter.value;
  const labels = store.labels.value.filter((name) => counts.value.has(name) || name === label);
  const change = (changes: Partial<typeof EVERY_OBJECT>) => {
    store.objectFilter.value = { ...store.objectFilter.value, ...changes };
    dropUnlisted(store);
  };
  // The filter may be taken away from elsewhere.
  useEffect(() => {
    if (field.current && field.current.value.trim() !== text.trim()) field.current.value = text;
  }, [text]);
  return (
    <div class="sam-object-filter">
      <input
        type="search"
        class="sam-input"
        data-testid="object-search"
        placeholder="Search"
        aria-label="Search in labels"
        spellcheck={false}
        ref={field}
        onInput={({ currentTarget }) => change({ text: currentTarget.value })}
      />
      <select
        class="sam-select"
        data-testid="object-label-filter"
        aria-label="Objects of one label"
        title="Objects of one label"
        value={label ?? "*"}
        data-narrowed={label !== null}
        onChange={({ currentTarget }) => {
          const [chosen] = currentTarget.selectedOptions;
          change({ label: chosen?.dataset.label ?? null });
        }}
      >
        <option value="*">All labels</option>
        {labels.map((name) => (
          <option key={name} value={name} data-label={name}>
            {name} ({counts.value.get(name) ?? 0})
          </option>
        ))}
        {(counts.value.has("") || label === "") && (
          <option value="" data-label="">
            no label ({counts.value.get("") ?? 0})
          </option>
        )}
      </select>
    </div>
  );
}

/** What is not listed must not be changed unseen. */
function dropUnlisted(store: Store): void {
  const selection = store.selectedIds.value;
  const listed = matching(store.objects.value, store.objectFilter.value);
  const kept = listed.flatMap(({ id }) => (selection.has(id) ? [id] : []));
  if (kept.length < selection.size) store.selectedIds.value = new Set(kept);
}
