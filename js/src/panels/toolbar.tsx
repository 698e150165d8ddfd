// Tools, history, zoom, and how masks are shown.

import { togglePreviews } from "../commands/appearance";
import type { ViewContext } from "../commands/context";
import { toggleEverything } from "../commands/everything";
import { toggleFullWindow } from "../commands/full-window";
import { keysOf } from "../commands/key-names";
import { fitView, ZOOM_STEP, zoomView } from "../commands/zoom";
import { maxZoom, transformOf } from "../geometry/viewport";
import { isOffForSlowness, takes } from "../state/selectors";
import type { Store, ToolName } from "../state/store";
import { PictureLight } from "./appearance/picture-light";
import { Field } from "./controls/field";
import { IconButton } from "./controls/icon-button";
import { Icon } from "./controls/icons";
import { ExportButton } from "./export/export-menu";
import { SeriesPlace } from "./series/place";

interface ToolEntry {
  tool: ToolName;
  label: string;
  /** The kind of prompt it makes, where it may be one that the model does not take. */
  needs?: "box";
}

const TOOLS: readonly ToolEntry[] = [
  { tool: "point", label: "Point: click to include, drag for a box" },
  { tool: "box", label: "Box: drag from corner to corner", needs: "box" },
  { tool: "select", label: "Select: click objects in the picture, Shift adds" },
  { tool: "pan", label: "Pan: drag the picture" },
];

const EDIT_TOOLS: readonly ToolEntry[] = [
  { tool: "brush", label: "Brush: draw on the mask, Alt erases" },
  { tool: "eraser", label: "Eraser: rub parts of the mask out" },
  { tool: "polygon", label: "Polygon: click corners to add or subtract an area" },
  { tool: "cut", label: "Knife: draw a line across the selected object" },
];

interface ToolGroupProps {
  store: Store;
  tools: typeof TOOLS;
  label: string;
}

export function Toolbar({ store, actions }: ViewContext) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveElementInteractions: a toolbar moves focus by arrow keys.
    <div
      class="sam-toolbar"
      role="toolbar"
      aria-label="Segmentation tools"
      onKeyDown={moveFocusByArrows}
    >
      <ToolGroup store={store} tools={TOOLS} label="Tool" />
      <ToolGroup store={store} tools={EDIT_TOOLS} label="Edit the mask" />
      <EverythingGroup store={store} actions={actions} />
      <HistoryGroup store={store} actions={actions} />
      <ZoomGroup store={store} />
      <span class="sam-spacer" />
      <SeriesPlace store={store} actions={actions} />
      <ExportButton store={store} actions={actions} />
      <AppearanceGroup store={store} />
      <WindowGroup store={store} />
    </div>
  );
}

function ToolGroup({ store, tools, label: name }: ToolGroupProps) {
  return (
    <fieldset class="sam-group" aria-label={name}>
      {tools
        .filter(({ needs }) => !needs || takes(store, needs))
        .map(({ tool, label }) => (
          <IconButton
            key={tool}
            icon={tool}
            label={label}
            shortcut={keysOf(`tool-${tool}`)}
            testId={`tool-${tool}`}
            pressed={store.tool.value === tool}
            onPress={() => {
              store.tool.value = tool;
            }}
          />
        ))}
    </fieldset>
  );
}

function EverythingGroup({ store, actions }: ViewContext) {
  return (
    <fieldset class="sam-group" aria-label="Everything">
      <IconButton
        icon="everything"
        label="Everything: find all masks"
        shortcut={keysOf("everything")}
        testId="everything"
        pressed={store.everything.open.value}
        onPress={() => toggleEverything({ store, actions })}
      />
    </fieldset>
  );
}

function HistoryGroup({ store, actions }: ViewContext) {
  const { can_undo, can_redo, prompts } = store.document.value;
  const asked = prompts.points.length > 0 || prompts.box !== null || prompts.has_mask;
  const empty = !asked && store.answer.value.candidates.length === 0;
  return (
    <fieldset class="sam-group" aria-label="History">
      <IconButton
        icon="undo"
        label="Undo"
        shortcut={keysOf("undo")}
        testId="toolbar-undo"
        unavailable={!can_undo}
        onPress={actions.undo}
      />
      <IconButton
        icon="redo"
        label="Redo"
        shortcut={keysOf("redo")}
        testId="toolbar-redo"
        unavailable={!can_redo}
        onPress={actions.redo}
      />
      <IconButton
        icon="clear"
        label="Clear all prompts"
        shortcut={keysOf("clear")}
        testId="toolbar-clear"
        unavailable={empty && store.pending.value.length === 0}
        onPress={actions.clear}
      />
    </fieldset>
  );
}

function ZoomGroup({ store }: { store: Store }) {
  const { zoom } = store.view.value;
  const limit = zoomLimit(store);
  return (
    <fieldset class="sam-group" aria-label="Zoom">
      <IconButton
        icon="zoomOut"
        label="Zoom out"
        shortcut={keysOf("zoom-out")}
        testId="zoom-out"
        unavailable={zoom <= 1}
        onPress={() => zoomView(store, 1 / ZOOM_STEP)}
      />
      <button
        type="button"
        class="sam-zoom"
        data-testid="zoom-fit"
        title={`Show the whole picture (${keysOf("zoom-fit")}). At 100 % its pixels are shown one to one`}
        aria-label={`Zoom ${zoomWords(store)}: show the whole picture`}
        aria-disabled={zoom <= 1}
        onClick={() => fitView(store)}
      >
        {zoomWords(store)}
      </button>
      <IconButton
        icon="zoomIn"
        label="Zoom in"
        shortcut={keysOf("zoom-in")}
        testId="zoom-in"
        unavailable={zoom >= limit}
        onPress={() => zoomView(store, ZOOM_STEP)}
      />
    </fieldset>
  );
}

function AppearanceGroup({ store }: { store: Store }) {
  const percent = percentOf(store);
  return (
    <fieldset class="sam-group" aria-label="Appearance">
      <label
        class="sam-opacity"
        title={`Mask opacity ${percent} % (${keysOf("opacity-down")} and ${keysOf("opacity-up")})`}
      >
        <Icon name="opacity" />
        <Field
          type="range"
          min="0"
          max="100"
          step="5"
          value={() => String(percentOf(store))}
          data-testid="opacity"
          aria-label="Mask opacity in per cent"
          onInput={(event) => {
            store.opacity.value = event.currentTarget.valueAsNumber / 100;
          }}
        />
      </label>
      <PictureLight store={store} />
      <IconButton
        icon="outline"
        label="Outline of the mask"
        shortcut={keysOf("outline")}
        testId="outline"
        pressed={store.outline.value}
        onPress={() => toggle(store.outline)}
      />
      <IconButton
        icon="hover"
        label={previewLabel(store)}
        shortcut={keysOf("hover-toggle")}
        testId="hover-toggle"
        pressed={store.previewing.value}
        onPress={() => togglePreviews(store)}
      />
    </fieldset>
  );
}

function WindowGroup({ store }: { store: Store }) {
  const full = store.layout.fullWindow.value;
  return (
    <fieldset class="sam-group" aria-label="Window">
      <IconButton
        icon={full ? "unfillWindow" : "fillWindow"}
        label={full ? "Give the window back" : "Fill the window"}
        shortcut={keysOf("full-window")}
        testId="full-window"
        pressed={full}
        onPress={() => toggleFullWindow(store)}
      />
      <IconButton
        icon="help"
        label="Help: gestures and shortcuts"
        shortcut={keysOf("help")}
        testId="help-open"
        pressed={store.helpOpen.value}
        onPress={() => toggle(store.helpOpen)}
      />
    </fieldset>
  );
}

function percentOf(store: Store): number {
  return Math.round(store.opacity.value * 100);
}

function previewLabel(store: Store): string {
  const label = "Preview under the pointer";
  return isOffForSlowness(store) ? `${label}. Off: slow model. Press to have it anyway` : label;
}

function toggle(flag: { value: boolean }): void {
  flag.value = !flag.value;
}

function zoomLimit(store: Store): number {
  const image = store.image.value;
  return image ? maxZoom(image, store.stageSize.value) : 1;
}

/** How large the picture's pixels are on screen; "fit" while it is shown whole at another size. */
function zoomWords(store: Store): string {
  const image = store.image.value;
  const stage = store.stageSize.value;
  if (image === null || stage.width === 0) return "fit";
  const percent = Math.round(100 * transformOf(image, stage, store.view.value).a);
  return store.view.value.zoom <= 1 && percent !== 100 ? "fit" : `${percent}\u202f%`;
}

function moveFocusByArrows(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined || !(event.target instanceof HTMLButtonElement)) return;
  const buttons = [...event.currentTarget.querySelectorAll("button")];
  const next = buttons.at((buttons.indexOf(event.target) + step) % buttons.length);
  next?.focus();
  event.preventDefault();
}
