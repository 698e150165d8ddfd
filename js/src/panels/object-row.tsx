// One accepted object: rename, recolour, hide, refine, delete.

import { useComputed, useSignal } from "@preact/signals";
import { useCallback, useEffect, useRef } from "preact/hooks";
import type { Actions, SceneObject, Store } from "../store";
import { formatArea, formatScore } from "./format";
import { IconButton } from "./icon-button";

interface Props {
  object: SceneObject;
  store: Store;
  actions: Actions;
}

export function ObjectRow({ object, store, actions }: Props) {
  const { id, visible } = object;
  const name = object.label || "unlabelled object";
  const { highlighted: shared } = store;
  const highlighted = useComputed(() => shared.value === id);
  const leave = useCallback(() => {
    if (shared.value === id) shared.value = null;
  }, [shared, id]);
  const enter = () => {
    shared.value = id;
  };
  // A row that is deleted under the pointer gets no mouseleave.
  useEffect(() => leave, [leave]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveElementInteractions: hovering only echoes on the stage.
    <li
      class="sam-object"
      data-testid="object-row"
      data-id={id}
      data-visible={visible}
      data-highlighted={highlighted.value}
      data-selected={store.selectedObjects.value.has(id)}
      onMouseEnter={enter}
      onMouseLeave={leave}
      onFocusIn={enter}
      onFocusOut={leave}
    >
      <input
        type="color"
        class="sam-swatch"
        data-testid="object-color"
        title="Colour"
        aria-label={`Colour of ${name}`}
        value={object.color}
        onChange={({ currentTarget }) =>
          actions.updateAnnotation(id, { color: currentTarget.value })
        }
      />
      <ObjectLabel object={object} store={store} actions={actions} />
      <span class="sam-object-tail">
        <span
          class="sam-object-figures"
          title={`Predicted IoU ${formatScore(object.score)}, area ${formatArea(object.area)}`}
        >
          {formatScore(object.score)} · {formatArea(object.area)}
        </span>
        <RowActions object={object} name={name} actions={actions} />
      </span>
      <IconButton
        small={true}
        icon={visible ? "eye" : "eyeOff"}
        label={visible ? `Hide ${name}` : `Show ${name}`}
        testId="object-visible"
        pressed={visible}
        onPress={() => actions.updateAnnotation(id, { visible: !visible })}
      />
    </li>
  );
}

function RowActions({
  object,
  name,
  actions,
}: {
  object: SceneObject;
  name: string;
  actions: Actions;
}) {
  return (
    <span class="sam-object-actions">
      <IconButton
        small={true}
        icon="point"
        label={`Reopen ${name}: its prompts come back, accepting replaces it`}
        testId="object-reopen"
        onPress={() => actions.reopen(object.id)}
      />
      <IconButton
        small={true}
        icon="refine"
        label={`Refine ${name}: use it as a mask prompt`}
        testId="object-refine"
        onPress={() => actions.setMaskFrom(object.id)}
      />
      <IconButton
        small={true}
        icon="trash"
        label={`Delete ${name}`}
        testId="object-delete"
        onPress={() => actions.removeAnnotation(object.id)}
      />
    </span>
  );
}

function ObjectLabel({ object, store, actions }: Props) {
  const editing = useSignal(false);
  const input = useRef<HTMLInputElement>(null);
  const face = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (editing.value) input.current?.select();
  }, [editing.value]);
  const finish = (commit: boolean) => {
    // Leaving by key removes the field, which then blurs: once is enough.
    if (!editing.value) return;
    editing.value = false;
    const label = input.current?.value.trim() ?? object.label;
    if (commit && label !== object.label) actions.updateAnnotation(object.id, { label });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    finish(event.key === "Enter");
    requestAnimationFrame(() => face.current?.focus());
  };
  if (editing.value) {
    return (
      <input
        type="text"
        class="sam-input sam-object-edit"
        data-testid="object-label-input"
        aria-label="Label"
        spellcheck={false}
        maxLength={200}
        ref={input}
        defaultValue={object.label}
        onKeyDown={onKeyDown}
        onBlur={() => finish(true)}
      />
    );
  }
  const edit = () => {
    editing.value = true;
  };
  return (
    <button
      type="button"
      class="sam-object-label"
      data-testid="object-label"
      data-empty={object.label === ""}
      ref={face}
      title={`${object.label || "No label"} (double-click, Enter or F2 renames)`}
      aria-pressed={store.selectedObjects.value.has(object.id)}
      onClick={(event) =>
        select(store, object.id, event.ctrlKey || event.metaKey || event.shiftKey)
      }
      onDblClick={edit}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== "F2") return;
        event.preventDefault();
        edit();
      }}
    >
      {object.label || "no label"}
    </button>
  );
}

/** Alone, or with a modifier beside what is selected; once more lets it go. */
function select({ selectedObjects }: Store, id: string, more: boolean): void {
  const before = selectedObjects.value;
  const others = more ? [...before].filter((one) => one !== id) : [];
  selectedObjects.value = new Set(before.has(id) ? others : [...others, id]);
}
