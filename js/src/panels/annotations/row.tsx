// One accepted annotation: a row of the list, with its number and its picture, and with buttons
// for the pointer. What they do can be done from the list by key, or from the bar of the selection.

import { useComputed } from "@preact/signals";
import { useCallback, useEffect, useMemo } from "preact/hooks";
import type { SceneAnnotation } from "../../state/annotations";
import { inkOn } from "../../state/colors";
import type { Store } from "../../state/store";
import type { Actions } from "../../wire/actions";
import { Field } from "../controls/field";
import { formatArea, formatScore } from "../controls/format";
import { IconButton } from "../controls/icon-button";
import { LabelField } from "../controls/label-field";
import { MaskThumbnail } from "../controls/mask-thumbnail";
import { ROW_HEIGHT } from "./rows-in-view";

/** CSS pixels. */
const THUMBNAIL = 26;

interface Props {
  annotation: SceneAnnotation;
  store: Store;
  actions: Actions;
  /** Unique on the page. */
  elementId: string;
  /** Its place among all objects, from 1: the same number is on the picture. */
  number: number;
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
  const { annotation, store, actions, number, index, active, selected } = props;
  const { id, visible, rle, width, height } = annotation;
  const masks = useMemo(() => [{ rle, width, height }], [rle, width, height]);
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
      aria-label={`${number}, ${name}${visible ? "" : ", hidden"}, ${formatArea(annotation.area)}`}
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
      <NumberChip {...props} name={name} />
      <MaskThumbnail
        store={store}
        masks={masks}
        index={0}
        color={annotation.color}
        side={THUMBNAIL}
      />
      <AnnotationLabel {...props} />
      {store.figures.value && (
        <span class="sam-object-figures">
          {formatScore(annotation.score)} · {formatArea(annotation.area)}
        </span>
      )}
      <RowActions {...props} name={name} />
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

/** The number on the object's colour; a press chooses another colour. */
function NumberChip({ annotation, number, actions, name }: Props & { name: string }) {
  const { id, color } = annotation;
  return (
    <span class="sam-object-number" style={{ background: color, color: inkOn(color) }}>
      <span data-testid="object-number">{number}</span>
      <Field
        type="color"
        data-testid="object-color"
        tabIndex={-1}
        title={`Object ${number}: change its colour`}
        aria-label={`Colour of ${name}`}
        value={() => color}
        onChange={({ currentTarget }) =>
          actions.updateAnnotation(id, { color: currentTarget.value })
        }
      />
    </span>
  );
}

function RowActions({ annotation, name, actions, onEdit }: Props & { name: string }) {
  return (
    <span class="sam-object-actions">
      <IconButton
        small={true}
        skipped={true}
        icon="rename"
        label={`Rename ${name}`}
        testId="object-rename"
        onPress={onEdit}
      />
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
      title={
        `${annotation.label || "No label"} (double-click, Enter or F2 renames)\n` +
        `Predicted IoU ${formatScore(annotation.score)}, area ${formatArea(annotation.area)}`
      }
    >
      {annotation.label || "no label"}
    </span>
  );
}
