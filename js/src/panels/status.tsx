// One line: what is going on, what has been asked, with which model, how fast, on what picture.

import type { CommandContext } from "../commands/context";
import { keysOf } from "../commands/key-names";
import type { JournalState, Status } from "../protocol";
import { isChangingAnnotations, isOffForSlowness } from "../state/selectors";
import type { ConnectionState, Store } from "../state/store";
import { formatDuration } from "./controls/format";
import { PromptList } from "./prompts";

const WORDS: Record<Status, string> = {
  loading: "Loading model…",
  encoding: "Encoding image…",
  ready: "Ready",
  predicting: "Predicting…",
  error: "Error",
};

const SAVED: Record<JournalState["state"], string> = {
  saved: "saved",
  saving: "saving…",
  unsaved: "not saved",
};

const CONNECTION: Record<ConnectionState, string> = {
  live: "",
  busy: "kernel busy",
  lost: "kernel lost: run the cell again",
  absent: "no kernel",
};

export function StatusLine({ store, actions, interaction }: CommandContext) {
  const status = store.status.value;
  const connection = store.connection.value;
  const progress = status === "encoding" ? (store.model.value.encode_progress ?? null) : null;
  return (
    <div class="sam-status" data-testid="status-line">
      <span class="sam-state" data-status={connection === "lost" ? "error" : status}>
        {connection !== "lost" && progress !== null ? (
          <EncodingProgress share={progress} />
        ) : (
          <>
            <span class="sam-dot" />
            {connection === "lost" ? "Disconnected" : WORDS[status]}
          </>
        )}
      </span>
      {connection !== "live" && (
        <span class="sam-connection" data-testid="connection" data-connection={connection}>
          {CONNECTION[connection]}
        </span>
      )}
      <PromptList store={store} actions={actions} interaction={interaction} />
      <SavedState store={store} />
      <ModelFacts store={store} />
      {isOffForSlowness(store) && (
        <span
          class="sam-preview-off"
          data-testid="preview-off"
          title={`A preview takes this model ${formatDuration(store.model.value.preview_ms ?? 0)}. ${keysOf("hover-toggle")} switches previews on all the same.`}
        >
          previews off: slow model
        </span>
      )}
      <ImageFacts store={store} />
    </div>
  );
}

/** In place of the status: what is shown was saved, and no kernel stands behind it. */
export function PictureNote({ store }: { store: Store }) {
  return (
    <footer class="sam-status" data-testid="status-line">
      <span class="sam-picture-note" role="status" data-testid="picture-note">
        A picture of the last state: no kernel answers. Run the cell to go on.
      </span>
      <ImageFacts store={store} />
    </footer>
  );
}

/** Whether the annotations are on disk, where a journal keeps them. */
function SavedState({ store }: { store: Store }) {
  const { journal } = store.document.value;
  if (journal === null) return null;
  const { note } = journal;
  const changing = journal.state === "saved" && isChangingAnnotations(store.pending.value);
  const state = changing ? "saving" : journal.state;
  const words = state === "saved" && note ? "saved, journal mended" : SAVED[state];
  return (
    <span
      class="sam-saved"
      data-testid="saved"
      data-saved={state}
      title={note || "Accepted objects are in the journal, on disk"}
    >
      {words}
    </span>
  );
}

/** How much of the image is encoded: a ring that fills, and the figure. */
function EncodingProgress({ share }: { share: number }) {
  const percent = Math.round(Math.min(Math.max(share, 0), 1) * 100);
  return (
    <>
      <span
        class="sam-ring"
        role="progressbar"
        aria-label="Encoding the image"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        style={{ "--sam-share": `${percent}%` }}
        data-testid="encode-progress"
      />
      {`Encoding ${percent}\u202f%`}
    </>
  );
}

function ModelFacts({ store }: { store: Store }) {
  const { name, device, encode_ms, decode_ms } = store.model.value;
  return (
    <>
      {name && (
        <span data-testid="model" title={`Model ${name}, running on ${device || "no device yet"}`}>
          {device ? `${name} · ${device}` : name}
        </span>
      )}
      {encode_ms !== null && (
        <span title="Time to encode the image, once per image">
          encode {formatDuration(encode_ms)}
        </span>
      )}
      {decode_ms !== null && (
        <span title="Time to decode the latest prompts into masks">
          decode {formatDuration(decode_ms)}
        </span>
      )}
    </>
  );
}

function ImageFacts({ store }: { store: Store }) {
  const image = store.image.value;
  if (image === null) return null;
  return (
    <>
      {image.note && (
        <span class="sam-note" data-testid="image-note" title={image.note}>
          {image.note}
        </span>
      )}
      <span title="Size of the original picture in pixels">
        {image.width} × {image.height}
      </span>
    </>
  );
}
