// One accepted annotation: a row of the list, with buttons for the pointer. What they do can be
// done from the list by key, and from the bar of the selection.

import { useComputed } from "@preact/signals";
import { useCallback, useEffect } from "preact/hooks";
import type { SceneAnnotation } from "../../state/annotations";
import { takes } from "../../state/selectors";
import type { Store } from "../../state/store";
import type { Actions } from "../../wire/actions";
import { formatArea, formatScore } from "../controls/format";
import { IconButton } from "../controls/icon-button";
import { LabelField } from "../controls/label-field";
import { ROW_HEIGHT } from "./rows-in-view";

interface Props {
  annotation: SceneAnnotation;
  store: Store;
  actions: Actions;
  /** Unique on the page. */
  elementId: string;
  /** Place in the list. */
  index: number;
  active: boolean;
  selected: boolean;
  editing: boolean;
  onPick: (event: MouseEvent) => void;
  onEdit: () => void;
  /** null gives the edit up. */
  onEdited: (label: string | null) => void;
  onJump: () => void;
}

export function AnnotationRow(props: Props) {
  const { annotation, store, actions, index, active, selected } = props;
  const { id, visible } = annotation;
  const name = annotation.label || "unlabelled object";
  const { highlighted: shared } = store;
  const highlighted = useComputed(() => shared.value === id);
  const leave = useCallback(() => {
    if (shared.value === id) shared.value = null;
  }, [shared, id]);
  // A row that is deleted under the pointer gets no mouseleave.
  useEffect(() => leave, [leave]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the list, whose active row this may be.
    <div
      class="sam-object"
      role="gridcell"
      id={props.elementId}
      tabIndex={-1}
      aria-selected={selected}
      aria-label={`${name}${visible ? "" : ", hidden"}, ${formatArea(annotation.area)}`}
      style={{ top: `${index * ROW_HEIGHT}px` }}
      data-testid="object-row"
      data-id={id}
      data-visible={visible}
      data-active={active}
      data-highlighted={highlighted.value}
      onClick={props.onPick}
      onDblClick={(event) => {
        if (isControl(event.target)) return;
        if (isLabel(event.target)) props.onEdit();
        else props.onJump();
      }}
      onMouseEnter={() => {
        shared.value = id;
      }}
      onMouseLeave={leave}
    >
      <input
        type="color"
        class="sam-swatch"
        data-testid="object-color"
        tabIndex={-1}
        title="Colour of this object"
        aria-label={`Colour of ${name}`}
        value={annotation.color}
        onChange={({ currentTarget }) =>
          actions.updateAnnotation(id, { color: currentTarget.value })
        }
      />
      <AnnotationLabel {...props} />
      <span class="sam-object-tail">
        <span
          class="sam-object-figures"
          title={`Predicted IoU ${formatScore(annotation.score)}, area ${formatArea(annotation.area)}`}
        >
          {formatScore(annotation.score)} · {formatArea(annotation.area)}
        </span>
        <RowActions store={store} annotation={annotation} name={name} actions={actions} />
      </span>
      <IconButton
        small={true}
        skipped={true}
        icon={visible ? "eye" : "eyeOff"}
        label={visible ? `Hide ${name}` : `Show ${name}`}
        testId="object-visible"
        pressed={visible}
        onPress={() => actions.updateAnnotation(id, { visible: !visible })}
      />
    </div>
  );
}

/** Whether an event of a row belongs to one of its buttons or fields. */
export function isControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("button, input") !== null;
}

function isLabel(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(".sam-object-label") !== null;
}

function RowActions({
  annotation,
  name,
  store,
  actions,
}: {
  annotation: SceneAnnotation;
  name: string;
  store: Store;
  actions: Actions;
}) {
  return (
    <span class="sam-object-actions">
      <IconButton
        small={true}
        skipped={true}
        icon="point"
        label={`Reopen ${name}: its prompts come back, accepting replaces it`}
        testId="object-reopen"
        onPress={() => actions.reopen(annotation.id)}
      />
      {takes(store, "mask") && (
        <IconButton
          small={true}
          skipped={true}
          icon="refine"
          label={`Refine ${name}: use it as a mask prompt`}
          testId="object-refine"
          onPress={() => actions.setMaskFrom(annotation.id)}
        />
      )}
      <IconButton
        small={true}
        skipped={true}
        icon="trash"
        label={`Delete ${name}`}
        testId="object-delete"
        onPress={() => actions.removeAnnotation(annotation.id)}
      />
    </span>
  );
}

function AnnotationLabel({ annotation, editing, onEdited }: Props) {
  if (editing) return <LabelField label={annotation.label} onEdited={onEdited} />;
  return (
    <span
      class="sam-object-label"
      data-testid="object-label"
      data-empty={annotation.label === ""}
      title={`${annotation.label || "No label"} (double-click, Enter or F2 renames)`}
    >
      {annotation.label || "no label"}
    </span>
  );
}
