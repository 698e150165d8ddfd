// What has been made in the series, asked for while somebody wants to know.

import { useSignal, useSignalEffect } from "@preact/signals";
import type { ViewContext } from "../../commands/context";
import type { SeriesSummary } from "../../protocol";

/** Asked again whenever another image is opened, marked, or its objects have changed. */
export function useMade(
  { store, actions }: ViewContext,
  wanted: () => boolean,
): SeriesSummary | null {
  const made = useSignal<SeriesSummary | null>(null);
  useSignalEffect(() => {
    const series = store.series.value;
    // Reading them is what asks again; what is not confirmed yet will be counted later.
    const settled = store.confirmedAnnotations.value !== null && store.pending.value.length === 0;
    if (!(series && settled && wanted())) return;
    let current = true;
    actions.summary()?.then(
      (found) => {
        if (current) made.value = found;
      },
      () => undefined,
    );
    return () => {
      current = false;
    };
  });
  return made.value;
}
