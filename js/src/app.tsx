// Everything inside the root: panels around the stage, and the root's attributes.

import { effect } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { pictureFilter } from "./commands/appearance";
import type { CommandContext } from "./commands/context";
import { mountInput } from "./input/input";
import { followRoom } from "./input/room";
import { AcceptRow } from "./panels/accept";
import { Annotations } from "./panels/annotations/annotations";
import { Announcer } from "./panels/announcer";
import { Candidates } from "./panels/candidates";
import { Editing } from "./panels/editing";
import { EverythingPanel } from "./panels/everything";
import { ExportResultCard } from "./panels/export/export-result";
import { followFullWindow } from "./panels/full-window";
import { Help } from "./panels/help";
import { Labels } from "./panels/labels";
import { FirstStep, Messages, Opening, StagePlaceholder } from "./panels/messages";
import { SeriesPanel } from "./panels/series/series";
import { PictureNote, StatusLine } from "./panels/status";
import { followTheme, showColors } from "./panels/theme";
import { Toolbar } from "./panels/toolbar";
import { mountStage } from "./stage/stage";
import { keepChosenLabel, type Memory } from "./state/chosen-label";
import { forgetWhatIsGone } from "./state/forgetting";
import { createInteraction } from "./state/interaction";
import type { Store } from "./state/store";
import type { Actions } from "./wire/actions";

interface Props {
  root: HTMLElement;
  context: CommandContext;
  signal: AbortSignal;
}

/** Fill `root` with the whole widget until `signal` aborts. */
export function mountApp(
  root: HTMLElement,
  store: Store,
  actions: Actions,
  signal: AbortSignal,
): void {
  if (signal.aborted) return;
  const context: CommandContext = { store, actions, interaction: createInteraction() };
  followTheme(root, signal);
  showColors(root);
  followRoom(root, store.layout, signal);
  followFullWindow(root, store.layout, signal);
  const stopReflecting = effect(() => reflect(store, root));
  const stopForgetting = forgetWhatIsGone(store, context.interaction);
  const stopKeeping = keepChosenLabel(store, sessionMemory());
  render(<App root={root} context={context} signal={signal} />, root);
  const unmount = () => {
    stopReflecting();
    stopForgetting();
    stopKeeping();
    render(null, root);
  };
  signal.addEventListener("abort", unmount, { once: true });
}

function App({ root, context, signal }: Props) {
  const { store, actions } = context;
  // Nobody would answer: what is left is a picture.
  const isPicture = store.connection.value === "absent";
  return (
    <div class="sam-frame">
      <div class="sam-column">
        {!isPicture && <Toolbar store={store} actions={actions} />}
        <div class="sam-main" style={{ "--sam-aspect": aspectOf(store) }}>
          <div class="sam-stage-area" inert={isPicture}>
            <Stage root={root} context={context} signal={signal} />
            <StagePlaceholder store={store} />
            {!isPicture && <FirstStep store={store} />}
            {!isPicture && <Opening store={store} />}
            {!isPicture && (
              <Messages store={store}>
                <ExportResultCard store={store} />
              </Messages>
            )}
          </div>
          {!isPicture && <SidePanel {...context} />}
        </div>
        {isPicture ? <PictureNote store={store} /> : <StatusLine {...context} />}
        {!isPicture && <SeriesPanel store={store} actions={actions} />}
        <Announcer store={store} interaction={context.interaction} />
        <Help store={store} />
      </div>
    </div>
  );
}

function SidePanel({ store, actions }: CommandContext) {
  return (
    <div class="sam-side">
      <EverythingPanel store={store} actions={actions} />
      {!isSelecting(store) && <Candidates store={store} actions={actions} />}
      <Labels store={store} actions={actions} />
      <AcceptRow store={store} actions={actions} />
      <Editing store={store} actions={actions} />
      <Annotations store={store} actions={actions} />
    </div>
  );
}

/** While one selects, masks or objects, the place of the candidates is theirs if there are none. */
function isSelecting({ everything, tool, answer }: Store): boolean {
  const selecting = everything.open.value || tool.value === "select";
  return selecting && answer.value.candidates.length === 0;
}

/** Height by width that a single image asks for; images of a series share one height. */
function aspectOf({ image, series }: Store): number | undefined {
  const shown = series.value === null ? image.value : null;
  return shown ? shown.height / shown.width : undefined;
}

/** The stage draws itself; Preact only owns the place it is in. */
function Stage({ root, context, signal }: Props) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!host.current || signal.aborted) return;
    mountInput(root, mountStage(host.current, context, signal), context, signal);
  }, [root, context, signal]);
  return <div class="sam-stage-host" ref={host} />;
}

/** What the browser keeps for this tab of it; null where the host forbids it, or there is no room. */
function sessionMemory(): Memory | null {
  try {
    const { sessionStorage } = globalThis;
    sessionStorage.setItem("sam-widget", "");
    return sessionStorage;
  } catch {
    return null;
  }
}

function reflect(store: Store, root: HTMLElement): void {
  root.dataset.status = store.status.value;
  root.dataset.revision = String(store.paintedRevision.value);
  root.dataset.previewRevision = String(store.paintedPreview.value);
  // Where the preview on screen was asked for, in image pixels.
  const { value: preview } = store.preview;
  const painted = preview !== null && preview.revision === store.paintedPreview.value;
  root.dataset.previewAt = painted ? `${preview.x} ${preview.y}` : "";
  // And where the answer on screen was, before Python has given it.
  const { value: foreseen } = store.paintedForeseen;
  root.dataset.foreseenAt = foreseen ? `${foreseen.x} ${foreseen.y}` : "";
  root.dataset.connection = store.connection.value;
  root.dataset.push = String(store.pushing.value ?? "");
  root.dataset.tool = store.tool.value;
  root.style.setProperty("--sam-picture-filter", pictureFilter(store));
  root.dataset.opening = String(store.opening.value ?? "");
}
