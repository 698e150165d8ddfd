// The list itself: only rows in view are in the page, the focus stays with the list, and keys move
// its active row (the grid pattern of the ARIA Authoring Practices: an option could hold no buttons).

import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { deleteSelected, jumpTo } from "../../commands/annotations";
import type { ViewContext } from "../../commands/context";
import { isApple } from "../../commands/platform";
import type { SceneAnnotation } from "../../state/annotations";
import { drawNow } from "../controls/draw-now";
import { useId } from "../controls/unique-id";
import { commandOf, NOTHING_PICKED, type Pick, pick, rowInstead } from "./picking";
import { AnnotationRow, isControl } from "./row";
import { ROW_HEIGHT, rowsInView, scrolledTo } from "./rows-in-view";

interface Props extends ViewContext {
  /** Those that the filter lets through. */
  annotations: readonly SceneAnnotation[];
}

/** Until the list has been measured. */
const USUAL_HEIGHT = 320;

export function AnnotationListbox({ store, actions, annotations }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const listId = useId();
  const scrollTop = useSignal(0);
  const height = useSignal(USUAL_HEIGHT);
  const { cursor, editing, ids, pickRow, edit, edited, onKeyDown } = usePicking(
    { store, actions },
    list,
    annotations,
    height,
  );

  const numbers = useComputed(
    () => new Map(store.annotations.value.map(({ id }, at) => [id, at + 1])),
  );
  useEffect(() => measured(list.current, height), [height]);
  const typing = editing.value !== null;
  useNewestInView(list, store.annotations.value.length, annotations.length, typing);

  const { start, end } = rowsInView(scrollTop.value, height.value, annotations.length);
  const { active } = cursor.value;
  // A label that is being typed is never scrolled out of the page, and so lost.
  const typed = editing.value === null ? -1 : ids.indexOf(editing.value);
  const rowId = (id: string) => `${listId}-${id}`;
  const activeInPage = active !== null && ids.slice(start, end).includes(active);
  return (
    <div
      class="sam-object-list"
      role="grid"
      data-testid="object-list"
      tabIndex={annotations.length > 0 ? 0 : -1}
      ref={list}
      aria-label="Accepted objects"
      aria-multiselectable={true}
      aria-rowcount={annotations.length}
      aria-activedescendant={activeInPage ? rowId(active) : undefined}
      onScroll={({ currentTarget }) => {
        scrollTop.value = currentTarget.scrollTop;
      }}
      onKeyDown={onKeyDown}
    >
      <div
        class="sam-object-rows"
        role="presentation"
        style={{ height: `${annotations.length * ROW_HEIGHT}px` }}
      >
        {placed(annotations, { start, end, typed }).map(({ annotation, index }) => (
          <div key={annotation.id} role="row" aria-rowindex={index + 1}>
            <AnnotationRow
              annotation={annotation}
              store={store}
              actions={actions}
              elementId={rowId(annotation.id)}
              number={numbers.value.get(annotation.id) ?? 0}
              index={index}
              active={annotation.id === active}
              selected={store.selectedIds.value.has(annotation.id)}
              editing={editing.value === annotation.id}
              onPick={(event) => pickRow(event, annotation.id)}
              onEdit={() => edit(annotation.id)}
              onEdited={(label) => edited(annotation, label)}
              onJump={() => jumpTo(store, [annotation])}
            />
          </div>
        ))}
      </div>
    </div>
  );
}

/** Those in view with their places, and the one whose label is typed; -1 for none. */
function placed(
  annotations: readonly SceneAnnotation[],
  { start, end, typed }: { start: number; end: number; typed: number },
) {
  const rows = Array.from({ length: end - start }, (_, at) => start + at);
  if (typed >= 0 && !rows.includes(typed)) rows.push(typed);
  return rows.flatMap((index) => {
    const annotation = annotations[index];
    return annotation ? [{ annotation, index }] : [];
  });
}

/** Which rows are selected, active and edited, and what clicks and keys do about it. */
function usePicking(
  { store, actions }: ViewContext,
  list: { readonly current: HTMLElement | null },
  annotations: readonly SceneAnnotation[],
  height: { readonly value: number },
) {
  const cursor = useSignal<Pick>(NOTHING_PICKED);
  const editing = useSignal<string | null>(null);
  const known = useRef(store.selectedIds.value);
  const ids = annotations.map(({ id }) => id);
  const apply = (next: Pick): void => {
    cursor.value = next;
    known.current = next.selection;
    store.selectedIds.value = next.selection;
    const element = list.current;
    if (element && next.active !== null) {
      const row = ids.indexOf(next.active);
      element.scrollTop = scrolledTo(row, element.scrollTop, element.clientHeight || height.value);
    }
  };
  const present = (): Pick => ({ ...cursor.value, selection: store.selectedIds.value });
  const pickRow = (event: MouseEvent, id: string): void => {
    if (isControl(event.target)) return;
    const toggle = isApple() ? event.metaKey : event.ctrlKey;
    apply(pick(present(), ids, id, { range: event.shiftKey, toggle }));
    list.current?.focus({ preventScroll: true });
  };
  const edit = (id: string | null): void =>
    drawNow(() => {
      editing.value = id;
    });
  const edited = (annotation: SceneAnnotation, label: string | null): void => {
    editing.value = null;
    if (label !== null && label !== annotation.label)
      actions.updateAnnotation(annotation.id, { label });
    list.current?.focus({ preventScroll: true });
  };
  const removeSelected = (): void => {
    const active = rowInstead(ids, cursor.value.active, store.selectedIds.value);
    deleteSelected({ store, actions });
    cursor.value = { ...cursor.value, active };
  };
  // What was selected in the picture: the list goes there.
  useEffect(() => {
    const { value: selection } = store.selectedIds;
    if (selection === known.current) return;
    const [id, ...others] = selection;
    if (id !== undefined && others.length === 0) apply({ selection, anchor: id, active: id });
    known.current = selection;
  });
  const onKeyDown = (event: KeyboardEvent): void => {
    if (isControl(event.target) || event.isComposing) return;
    const mod = isApple() ? event.metaKey : event.ctrlKey;
    const { key, shiftKey } = event;
    const command = commandOf({ key, shiftKey, mod }, present(), ids);
    if (command === null) return;
    if (command.do === "pick") apply(command.pick);
    else if (command.do === "rename") edit(rowOf(event.target) ?? cursor.value.active);
    else if (!event.repeat) removeSelected();
    event.preventDefault();
  };
  return { cursor, editing, ids, pickRow, edit, edited, onKeyDown };
}

/** The row that an event happened in, by its annotation's id. */
function rowOf(target: EventTarget | null): string | null {
  return target instanceof Element
    ? (target.closest("[data-id]")?.getAttribute("data-id") ?? null)
    : null;
}

function measured(element: HTMLElement | null, height: { value: number }): () => void {
  if (!element) return () => undefined;
  const observer = new ResizeObserver(() => {
    if (element.clientHeight > 0) height.value = element.clientHeight;
  });
  observer.observe(element);
  return () => observer.disconnect();
}

/** The newest annotation is the last: one that was accepted is shown, without moving the page. */
function useNewestInView(
  list: { readonly current: HTMLElement | null },
  count: number,
  listed: number,
  typing: boolean,
): void {
  const before = useRef(count);
  useEffect(() => {
    const grown = count === before.current + 1;
    if (list.current && grown && !typing) list.current.scrollTop = listed * ROW_HEIGHT;
    before.current = count;
  }, [list, count, listed, typing]);
}
