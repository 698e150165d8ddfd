// Editing by hand: what is being edited, the brush, and what is done by a button.

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ViewContext } from "../commands/context";
import { keysOf } from "../commands/key-names";
import type { WireIslands } from "../protocol";
import { brushRadiusOf, setBrushRadius } from "../state/brush";
import { type EditTarget, editTarget } from "../state/edit-target";
import { hasMask, isEditTool, selectedAnnotations } from "../state/selectors";
import type { Store } from "../state/store";
import type { Actions } from "../wire/actions";
import { Field } from "./controls/field";
import { formatCount, formatSizes } from "./controls/format";
import { Icon } from "./controls/icons";

const SMOOTHING = 2;

export function Editing({ store, actions }: ViewContext) {
  const open = store.editingOpen;
  const editing = isEditTool(store.tool.value);
  useEffect(() => {
    if (editing) open.value = true;
  }, [editing, open]);
  const target = editTarget(store);
  const selected = selectedAnnotations(store);
  return (
    <section class="sam-panel sam-editing" aria-label="Edit">
      <header class="sam-panel-head">
        <button
          type="button"
          class="sam-fold"
          data-testid="editing-open"
          aria-expanded={open.value}
          onClick={() => {
            open.value = !open.value;
          }}
        >
          <span class="sam-fold-sign" aria-hidden="true" />
          Edit
        </button>
        <Target store={store} target={target} count={selected.length} />
      </header>
      {open.value && (
        <div class="sam-editing-body">
          <ToolOptions store={store} />
          <Parts store={store} actions={actions} target={target} />
          <Operations store={store} actions={actions} target={target} />
        </div>
      )}
    </section>
  );
}

/** What the next edit changes; a selected annotation can be let go. */
function Target({
  store,
  target,
  count,
}: {
  store: Store;
  target: EditTarget | null;
  count: number;
}) {
  const name = target?.name ?? formatCount(count, "object");
  return (
    <span class="sam-target" data-testid="edit-target" data-id={target?.id ?? ""} title={name}>
      {target && <span class="sam-target-dot" style={{ background: target.color }} />}
      <span class="sam-target-name">{name}</span>
      {count > 0 && (
        <button
          type="button"
          class="sam-target-off"
          data-testid="edit-target-off"
          title="Edit the mask on screen instead"
          aria-label={`Stop editing ${name}`}
          onClick={() => {
            store.selectedIds.value = new Set();
          }}
        >
          <Icon name="clear" />
        </button>
      )}
    </span>
  );
}

function ToolOptions({ store }: { store: Store }) {
  const tool = store.tool.value;
  if (tool === "brush" || tool === "eraser") return <Radius store={store} />;
  if (tool === "polygon") return <PolygonMode store={store} />;
  if (tool === "cut") return <p class="sam-hint">Draw a line right across the annotation.</p>;
  return null;
}

/** The slider is logarithmic: small brushes are chosen as finely as large ones. */
function Radius({ store }: { store: Store }) {
  const radius = brushRadiusOf(store);
  const shown = radius < 1 ? radius.toFixed(1) : String(Math.round(radius));
  return (
    <label
      class="sam-slider"
      title={`Brush radius (${keysOf("opacity-down")} and ${keysOf("opacity-up")})`}
    >
      <span>Radius</span>
      <Field
        type="range"
        min="0"
        max="100"
        step="1"
        value={() => String(Math.round(100 * share(brushRadiusOf(store))))}
        data-testid="brush-radius"
        aria-label="Brush radius"
        aria-valuetext={`${shown} pixels`}
        onInput={({ currentTarget }) =>
          setBrushRadius(store, radiusAt(currentTarget.valueAsNumber))
        }
      />
      <output>{`${shown}\u202fpx`}</output>
    </label>
  );
}

const SMALLEST = 0.5;
const LARGEST = 300;

function share(radius: number): number {
  return Math.min(Math.log(radius / SMALLEST) / Math.log(LARGEST / SMALLEST), 1);
}

function radiusAt(percent: number): number {
  const radius = SMALLEST * (LARGEST / SMALLEST) ** (percent / 100);
  return radius < 1 ? radius : Math.round(radius);
}

function PolygonMode({ store }: { store: Store }) {
  const { subtracting } = store;
  const choice = (subtract: boolean, label: string, testId: string) => (
    <button
      type="button"
      class="sam-segment"
      data-testid={testId}
      aria-pressed={subtracting.value === subtract}
      title={`${label} (${keysOf("polygon-subtract")} swaps)`}
      onClick={() => {
        subtracting.value = subtract;
      }}
    >
      {label}
    </button>
  );
  return (
    <>
      <fieldset class="sam-segments" aria-label="The polygon">
        {choice(false, "Add", "polygon-add")}
        {choice(true, "Subtract", "polygon-subtract")}
      </fieldset>
      <p class="sam-hint">Enter or a double-click closes it.</p>
    </>
  );
}

/**
 * Islands and holes with their sizes, each with the button that removes them. The rows are always
 * there: what comes and goes while one paints would move the picture.
 */
function Parts({ store, actions, target }: ViewContext & { target: EditTarget | null }) {
  const { island_count, islands, hole_count, holes } = useParts(store, actions) ?? NO_PARTS;
  const most = useSignal<number | null>(null);
  const several = target !== null && island_count > 1;
  // As offered: all but the largest go.
  const offered = (islands.length === island_count ? islands.at(-2) : islands.at(-1)) ?? 0;
  const below = () => most.value ?? offered + 1;
  const drop = () => {
    if (!several) return;
    actions.dropIslands(below(), target.id);
    most.value = null;
  };
  return (
    <>
      <div class="sam-part" data-testid="islands" data-count={island_count}>
        <span class="sam-part-sizes">{inWords("island", islands, island_count)}</span>
        <span class="sam-part-action">
          <label>
            below
            <Field
              type="number"
              class="sam-input sam-number"
              data-testid="island-area"
              min="1"
              step="1"
              value={() => (several ? String(below()) : "")}
              readOnly={!several}
              aria-label="Drop islands of fewer pixels than this"
              onInput={({ currentTarget }) => {
                const area = Math.round(currentTarget.valueAsNumber);
                most.value = area >= 1 ? area : null;
              }}
            />
            px
          </label>
          <Operation
            name="drop-islands"
            label="Drop"
            hint="Drop the islands smaller than this; the largest stays"
            unavailable={!several}
            onPress={drop}
          />
        </span>
      </div>
      <div class="sam-part" data-testid="holes" data-count={hole_count}>
        <span class="sam-part-sizes">{inWords("hole", holes, hole_count)}</span>
        <Operation
          name="fill-holes"
          label="Fill"
          hint="Fill all holes"
          unavailable={target === null || hole_count === 0}
          onPress={() => target && actions.fillHoles(null, target.id)}
        />
      </div>
    </>
  );
}

const NO_PARTS: WireIslands = { island_count: 0, islands: [], hole_count: 0, holes: [] };

/** "3 islands: 12, 40, 310 px". */
function inWords(noun: string, sizes: readonly number[], count: number): string {
  if (count === 0) return `no ${noun}s`;
  return `${formatCount(count, noun)}: ${formatSizes(sizes, count)}`;
}

/** The target's islands and holes, asked for whenever its mask is another one. */
function useParts(store: Store, actions: Actions): WireIslands | null {
  const parts = useSignal<WireIslands | null>(null);
  useSignalEffect(() => {
    const target = editTarget(store);
    const waiting = store.pending.value.length > 0 || store.kernelStatus.value !== "ready";
    // The mask's own bytes say which mask it is.
    const mask = target?.annotation?.rle ?? store.answer.value.candidates[0];
    let current = true;
    if (target === null || mask === undefined) parts.value = null;
    else if (!waiting) {
      actions.islands(target.id)?.then(
        (found) => {
          if (current) parts.value = found;
        },
        () => {
          if (current) parts.value = null;
        },
      );
    }
    return () => {
      current = false;
    };
  });
  return parts.value;
}

function Operations({ store, actions, target }: ViewContext & { target: EditTarget | null }) {
  const selected = selectedAnnotations(store);
  const id = target?.id ?? null;
  return (
    <div class="sam-operations">
      <Operation
        name="edit-smooth"
        label="Smooth"
        hint="Smooth the border: bumps and dents narrower than two pixels or so go"
        unavailable={target === null || (id === null && !hasMask(store))}
        onPress={() => target && actions.smooth(SMOOTHING, target.id)}
      />
      <Operation
        name="edit-split"
        label="Split"
        hint="Make an object of each island. The knife cuts along a line"
        unavailable={id === null}
        onPress={() => id !== null && actions.split(id, null)}
      />
      <Operation
        name="edit-merge"
        label={selected.length > 1 ? `Merge ${selected.length}` : "Merge"}
        hint="Make one object of all that are selected"
        unavailable={selected.length < 2}
        onPress={() =>
          actions.merge(
            selected.map((annotation) => annotation.id),
            null,
          )
        }
      />
    </div>
  );
}

function Operation(props: {
  name: string;
  label: string;
  hint: string;
  unavailable: boolean;
  onPress: () => void;
}) {
  return (
    <button
      type="button"
      class="sam-button"
      data-testid={props.name}
      title={props.hint}
      // Not `disabled`: a button that loses focus would hand the next key to the notebook.
      aria-disabled={props.unavailable}
      onClick={() => {
        if (!props.unavailable) props.onPress();
      }}
    >
      {props.label}
    </button>
  );
}
