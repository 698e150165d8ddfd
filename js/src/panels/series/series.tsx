// A series of images below the stage: how far one is, what is finished, and a strip of small pictures.

import { type Signal, useSignal } from "@preact/signals";
import type { ViewContext } from "../../commands/context";
import type { SeriesState, SeriesSummary } from "../../protocol";
import { type ImageFilter, isFinished, listed, statusOf, summary } from "../../state/series";
import type { Store } from "../../state/store";
import { Icon } from "../controls/icons";
import { StripFilter } from "./filter";
import { Finished } from "./finished";
import { useMade } from "./made";
import { MARKS } from "./marks";
import { Strip } from "./strip";

export function SeriesPanel({ store, actions }: ViewContext) {
  const series = store.series.value;
  if (series === null) return null;
  return <Images store={store} actions={actions} series={series} />;
}

function Images({ store, actions, series }: ViewContext & { series: SeriesState }) {
  const filter = useSignal<ImageFilter>("all");
  const made = useMade({ store, actions }, () => {
    const { value } = store.series;
    return filter.value === "empty" || (value !== null && isFinished(value.statuses));
  });
  return (
    <section class="sam-series" aria-label="Images" data-testid="series" data-index={series.index}>
      <SeriesHead store={store} series={series} filter={filter} made={made} />
      {store.layout.stripOpen.value && (
        <Strip
          store={store}
          actions={actions}
          series={series}
          shown={listed(series.statuses, filter.value, made?.empty ?? null)}
        />
      )}
    </section>
  );
}

interface HeadProps {
  store: Store;
  series: SeriesState;
  filter: Signal<ImageFilter>;
  made: SeriesSummary | null;
}

/** One thin line: it folds the strip, and says how far one is. */
function SeriesHead({ store, series, filter, made }: HeadProps) {
  const { stripOpen, stripChoice } = store.layout;
  const { index, length, name, statuses, note } = series;
  const finished = isFinished(statuses);
  return (
    <div class="sam-series-head" data-finished={finished}>
      <button
        type="button"
        class="sam-fold"
        data-testid="series-fold"
        aria-expanded={stripOpen.value}
        title={stripOpen.value ? "Hide the small pictures" : "Show small pictures of all images"}
        onClick={() => {
          stripChoice.value = !stripOpen.value;
        }}
      >
        <span class="sam-fold-sign" aria-hidden="true" />
        Images
      </button>
      <span class="sam-series-summary" data-testid="series-summary" title={note || undefined}>
        {note && <Icon name="warning" />}
        {summary(statuses)}
      </span>
      {finished ? <Finished store={store} made={made} /> : <span class="sam-spacer" />}
      {stripOpen.value && <StripFilter filter={filter} />}
      <span class="sam-hidden" role="status" aria-live="polite">
        Image {index + 1} of {length}, {name}, {MARKS[statusOf(statuses, index)].word}
      </span>
    </div>
  );
}
