// Every image is done or skipped: what has been made, and the way to the files.

import type { SeriesState, SeriesSummary } from "../../protocol";
import type { Store } from "../../state/store";
import { formatCount } from "../controls/format";
import { Icon } from "../controls/icons";

/** Labels that are counted in the line; the others are one number. */
const LABELS_SHOWN = 6;

interface Props {
  store: Store;
  series: SeriesState;
  made: SeriesSummary | null;
}

export function Finished({ store, series, made }: Props) {
  const { menuOpen, scope } = store.exporting;
  const count = (letter: string) => [...series.statuses].filter((each) => each === letter).length;
  const skipped = count("s");
  const images = formatCount(series.length, "image");
  return (
    <div class="sam-finished" role="status" data-testid="series-finished">
      <Icon name="check" />
      <p>
        <b>Finished.</b> {images}: {count("d")} done{skipped > 0 && `, ${skipped} skipped`}.{" "}
        {made && <Objects made={made} colors={store.labelColors.value} />}
      </p>
      <button
        type="button"
        class="sam-button"
        data-testid="finished-export"
        title="Write the objects of all images to a file"
        onClick={() => {
          scope.value = "series";
          menuOpen.value = true;
        }}
      >
        Export…
      </button>
    </div>
  );
}

function Objects({
  made,
  colors,
}: {
  made: SeriesSummary;
  colors: Readonly<Record<string, string>>;
}) {
  const most = [...made.labels].sort(([, a], [, b]) => b - a);
  const shown = most.slice(0, LABELS_SHOWN);
  const others = made.label_count - shown.length;
  return (
    <span data-testid="finished-objects">
      {formatCount(made.objects, "object")}
      {shown.map(([label, count]) => (
        <span key={label} class="sam-finished-label">
          <span class="sam-finished-dot" style={{ background: colors[label] }} />
          {count} {label || "without a label"}
        </span>
      ))}
      {others > 0 && ` and ${formatCount(others, "label")} more`}
    </span>
  );
}
