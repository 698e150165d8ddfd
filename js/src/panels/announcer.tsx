// Tells screen readers what came of what a person did. Errors interrupt, and are elsewhere: as notices.

import { useSignal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import type { Interaction } from "../state/interaction";
import type { Store } from "../state/store";
import { announceAll } from "./announcements";

export function Announcer({ store, interaction }: { store: Store; interaction: Interaction }) {
  const text = useSignal("");
  useLayoutEffect(() => {
    let said: string[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      timer = undefined;
      const sentences = said.join(" ");
      said = [];
      // The same once more is said once more only if it is not the same text.
      text.value = sentences === text.peek() ? `${sentences}\u00a0` : sentences;
    };
    // What changes together is said together.
    const stop = announceAll(store, interaction, (sentence) => {
      if (sentence === "" || said.includes(sentence)) return;
      said.push(sentence);
      timer ??= setTimeout(flush);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [store, interaction, text]);
  return (
    <div class="sam-hidden" role="status" aria-live="polite" data-testid="announcer">
      {text.value}
    </div>
  );
}
