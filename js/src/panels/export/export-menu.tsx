// The button of the toolbar that writes annotations to files, and its menu.

import { useRef } from "preact/hooks";
import type { ViewContext } from "../../commands/context";
import { exportAs, FORMATS } from "../../commands/exporting";
import type { ExportScope } from "../../state/export/exporting";
import { IconButton } from "../controls/icon-button";
import { Icon } from "../controls/icons";
import { Popover } from "../controls/popover";

export function ExportButton({ store, actions }: ViewContext) {
  const { menuOpen, busy } = store.exporting;
  const button = useRef<HTMLButtonElement>(null);
  const close = useRef(() => {
    menuOpen.value = false;
  });
  return (
    <fieldset class="sam-group" aria-label="Files">
      <IconButton
        icon="export"
        label={busy.value ? "Exporting…" : "Export: write the objects to a file"}
        testId="export-open"
        opens="menu"
        expanded={menuOpen.value}
        unavailable={busy.value}
        element={button}
        onPress={() => {
          menuOpen.value = !menuOpen.value;
        }}
      />
      {menuOpen.value && (
        <Popover
          anchor={button}
          role="menu"
          label="Export"
          testId="export-menu"
          onClose={close.current}
          onKeyDown={moveAlong}
        >
          <Scopes store={store} actions={actions} />
          {FORMATS.map(({ format, name, about }) => (
            <button
              key={format}
              type="button"
              role="menuitem"
              class="sam-menu-item"
              tabIndex={-1}
              data-testid={`export-${format}`}
              onClick={() => {
                button.current?.focus({ preventScroll: true });
                void exportAs({ store, actions }, format, store.exporting.scope.value);
              }}
            >
              <span>{name}</span>
              <span class="sam-menu-about">{about}</span>
            </button>
          ))}
        </Popover>
      )}
    </fieldset>
  );
}

/** In a series: the image on screen, or all. */
function Scopes({ store }: ViewContext) {
  const { scope } = store.exporting;
  const series = store.series.value;
  if (series === null) return null;
  const choice = (value: ExportScope, label: string) => (
    <button
      type="button"
      role="menuitemradio"
      class="sam-menu-item sam-menu-choice"
      tabIndex={-1}
      aria-checked={scope.value === value}
      data-testid={`export-scope-${value}`}
      onClick={() => {
        scope.value = value;
      }}
    >
      <Icon name="check" />
      {label}
    </button>
  );
  return (
    <>
      {choice("image", "This image")}
      {choice("series", `All ${series.length} images: COCO as one file`)}
      <hr class="sam-menu-line" />
    </>
  );
}

/** Arrows, Home and End, and the first letter, as menus have it. */
function moveAlong(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  // The host's own, such as saving the notebook.
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const items = [...event.currentTarget.querySelectorAll("button")];
  const at = items.indexOf(document.activeElement as HTMLButtonElement);
  const to = targetOf(event.key, at, items);
  if (to === undefined) {
    // Tab leaves; other keys mean nothing here, and must not reach what is behind.
    if (!/^(Tab|Enter| )$/u.test(event.key)) event.stopPropagation();
    return;
  }
  event.preventDefault();
  items[to]?.focus({ preventScroll: true });
}

function targetOf(key: string, at: number, items: readonly HTMLElement[]): number | undefined {
  const count = items.length;
  const moved = { ArrowDown: at + 1, ArrowUp: at - 1 + count, Home: 0, End: count - 1 }[key];
  if (moved !== undefined) return moved % count;
  if (key.length !== 1 || key === " ") return undefined;
  const letter = key.toLowerCase();
  const order = items.map((_, step) => (at + 1 + step) % count);
  return order.find((index) => items[index]?.textContent?.toLowerCase().startsWith(letter));
}
