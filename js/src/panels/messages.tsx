// What a person must know, laid over the stage so that nothing jumps.

import { useComputed, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Problem } from "../protocol";
import { hasPrompts } from "../state/selectors";
import type { Store } from "../state/store";
import { Icon } from "./controls/icons";

const LOST: Problem = {
  code: "lost",
  message: "The kernel is gone.",
  hint: "What you see stays here. Run the cell again to continue.",
};

const WAITING_FOR: Record<string, string> = {
  loading: "Loading the model…",
  encoding: "Reading the image…",
};

/** `children` are further cards, above that of the newest notice. */
export function Messages({ store, children }: { store: Store; children?: ComponentChildren }) {
  const problem = useComputed(() =>
    store.connection.value === "lost" ? (store.problem.value ?? LOST) : store.problem.value,
  );
  // Work goes on without a journal: who has read so may have the picture back.
  const dismissed = useSignal("");
  const shown = problem.value?.message === dismissed.value ? null : problem.value;
  const dismiss = () => {
    dismissed.value = shown?.message ?? "";
  };
  return (
    <div class="sam-messages">
      {shown && <ProblemBanner problem={shown} onDismiss={dismiss} />}
      <div class="sam-notices">
        {children}
        <NoticeCard store={store} />
      </div>
    </div>
  );
}

/** Shown where the stage will be, while there is no picture. */
export function StagePlaceholder({ store }: { store: Store }) {
  if (store.image.value !== null || store.problem.value !== null) return null;
  const { status, connection } = store;
  if (connection.value === "absent") return null;
  const text = WAITING_FOR[status.value] ?? "No image yet: set w.image in a cell.";
  return <p class="sam-stage-placeholder">{text}</p>;
}

/** What to do first, on the picture itself, until something has been done. */
export function FirstStep({ store }: { store: Store }) {
  const ready = store.image.value !== null && store.kernelStatus.value === "ready";
  const untouched = store.answer.value.candidates.length === 0 && !hasPrompts(store);
  const fresh = store.annotations.value.length === 0 && store.document.value.can_undo === false;
  if (!(ready && untouched && fresh) || store.everything.open.value) return null;
  return (
    <p class="sam-first-step" data-testid="first-step">
      Click an object, or drag a box around it
    </p>
  );
}

/** While another image of the series is opened nothing can be done to this one. */
export function Opening({ store }: { store: Store }) {
  const index = store.opening.value;
  if (index === null) return null;
  return (
    <div class="sam-opening" data-testid="opening">
      <span>Opening image {index + 1}…</span>
    </div>
  );
}

function ProblemBanner({ problem, onDismiss }: { problem: Problem; onDismiss: () => void }) {
  return (
    <div class="sam-problem" role="alert" data-testid="problem" data-code={problem.code}>
      <Icon name="warning" />
      <div>
        <p class="sam-message">{problem.message}</p>
        {problem.hint && <p class="sam-hint">{problem.hint}</p>}
      </div>
      {problem.code === "journal" && <Dismiss testId="problem-dismiss" onPress={onDismiss} />}
    </div>
  );
}

function NoticeCard({ store }: { store: Store }) {
  const notice = store.notice.value;
  if (notice === null) return null;
  return (
    <div
      class="sam-notice"
      data-testid="notice"
      data-kind={notice.kind}
      role={notice.kind === "error" ? "alert" : "status"}
    >
      {notice.kind === "error" && <Icon name="warning" />}
      <div>
        <p class="sam-message">{notice.text}</p>
        {notice.hint && <p class="sam-hint">{notice.hint}</p>}
      </div>
      <Dismiss
        testId="notice-dismiss"
        onPress={() => {
          store.notice.value = null;
        }}
      />
    </div>
  );
}

function Dismiss({ testId, onPress }: { testId: string; onPress: () => void }) {
  return (
    <button
      type="button"
      class="sam-icon-button sam-small"
      data-testid={testId}
      title="Dismiss"
      aria-label="Dismiss"
      onClick={onPress}
    >
      <Icon name="clear" />
    </button>
  );
}
