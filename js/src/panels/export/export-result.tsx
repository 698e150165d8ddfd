// Where the files of the last export are, or why there are none.

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Exported } from "../../protocol";
import type { Store } from "../../state/store";
import { formatCount } from "../controls/format";
import { IconButton } from "../controls/icon-button";
import { Icon } from "../controls/icons";

export function ExportResultCard({ store }: { store: Store }) {
  const { result } = store.exporting;
  if (result.value === null) return null;
  const failed = result.value.kind === "failed";
  return (
    <div
      class="sam-notice sam-export-result"
      role={failed ? "alert" : "status"}
      data-testid="export-result"
      data-kind={failed ? "error" : "info"}
    >
      <Icon name={failed ? "warning" : "check"} />
      {result.value.kind === "failed" ? (
        <div>
          <p class="sam-message">{result.value.text}</p>
          <p class="sam-hint">{result.value.hint}</p>
        </div>
      ) : (
        <Written exported={result.value} />
      )}
      <IconButton
        small={true}
        icon="clear"
        label="Dismiss"
        testId="export-dismiss"
        onPress={() => {
          result.value = null;
        }}
      />
    </div>
  );
}

function Written({ exported }: { exported: Exported }) {
  const { path, images, objects, note } = exported;
  return (
    <div>
      <p class="sam-message">
        {formatCount(objects, "object")} of {formatCount(images, "image")} written to
      </p>
      <PathLine key={path} path={path} />
      {note && (
        <p class="sam-hint" data-testid="export-note">
          {note}
        </p>
      )}
    </div>
  );
}

function PathLine({ path }: { path: string }) {
  const shown = useRef<HTMLElement>(null);
  const copied = useSignal(false);
  const copy = async () => {
    copied.value = await copyText(path, shown.current);
  };
  return (
    <p class="sam-export-path">
      <code ref={shown} data-testid="export-path">
        {path}
      </code>
      <button
        type="button"
        class="sam-button"
        data-testid="export-copy"
        title="Copy the path"
        onClick={copy}
      >
        {copied.value ? "Copied" : "Copy"}
      </button>
    </p>
  );
}

/** False where the browser refuses; then the text is selected, and Ctrl+C copies it. */
async function copyText(text: string, shown: HTMLElement | null): Promise<boolean> {
  try {
    // Hubs on plain http have no clipboard.
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (shown) getSelection()?.selectAllChildren(shown);
    return false;
  }
}
