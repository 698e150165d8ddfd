// Accepted annotations: a list that one can search, select in, and work on, usable with thousands.

import { useComputed } from "@preact/signals";
import { showAll } from "../../commands/annotations";
import type { ViewContext } from "../../commands/context";
import { countByLabel, EVERY_ANNOTATION, matching } from "../../state/annotations";
import type { Store } from "../../state/store";
import { Field, Select } from "../controls/field";
import { formatCount } from "../controls/format";
import { IconButton } from "../controls/icon-button";
import { AnnotationListbox } from "./listbox";
import { SelectionBar } from "./selection-bar";

export function Annotations({ store, actions }: ViewContext) {
  const listed = useComputed(() => matching(store.annotations.value, store.annotationFilter.value));
  const count = store.annotations.value.length;
  const shown = listed.value.length;
  return (
    <section class="sam-panel sam-objects" aria-label="Objects">
      <header class="sam-panel-head">
        <h3>Objects</h3>
        <span class="sam-spacer" />
        {store.annotations.value.some(({ visible }) => !visible) && (
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
      {count > 0 && <AnnotationFilterRow store={store} />}
      {count === 0 && <p class="sam-placeholder">Accepted objects are listed here.</p>}
      {count > 0 && shown === 0 && (
        <p class="sam-placeholder">
          None of {formatCount(count, "object")} fits.{" "}
          <button
            type="button"
            class="sam-link"
            data-testid="objects-unfilter"
            onClick={() => {
              store.annotationFilter.value = EVERY_ANNOTATION;
            }}
          >
            Show all
          </button>
        </p>
      )}
      <AnnotationListbox store={store} actions={actions} annotations={listed.value} />
      <SelectionBar store={store} actions={actions} />
    </section>
  );
}

function AnnotationFilterRow({ store }: { store: Store }) {
  const counts = useComputed(() => countByLabel(store.annotations.value));
  const { label } = store.annotationFilter.value;
  const labels = store.labels.value.filter((name) => counts.value.has(name) || name === label);
  const change = (changes: Partial<typeof EVERY_ANNOTATION>) => {
    store.annotationFilter.value = { ...store.annotationFilter.value, ...changes };
    dropUnlisted(store);
  };
  return (
    <div class="sam-object-filter">
      <Field
        type="search"
        class="sam-input"
        data-testid="object-search"
        placeholder="Search"
        aria-label="Search in labels"
        spellcheck={false}
        value={() => store.annotationFilter.value.text}
        onInput={({ currentTarget }) => change({ text: currentTarget.value })}
      />
      <Select
        class="sam-select"
        data-testid="object-label-filter"
        aria-label="Objects of one label"
        title="Objects of one label"
        value={() => store.annotationFilter.value.label ?? "*"}
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
      </Select>
    </div>
  );
}

/** What is not listed must not be changed unseen. */
function dropUnlisted(store: Store): void {
  const selection = store.selectedIds.value;
  const listed = matching(store.annotations.value, store.annotationFilter.value);
  const kept = listed.flatMap(({ id }) => (selection.has(id) ? [id] : []));
  if (kept.length < selection.size) store.selectedIds.value = new Set(kept);
}
