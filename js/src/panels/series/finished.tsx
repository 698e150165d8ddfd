// Every image is done or skipped: what has been made, and the way to the files.

import { Fragment } from "preact";
import type { SeriesSummary } from "../../protocol";
import type { Store } from "../../state/store";
import { formatCount } from "../controls/format";
import { Icon } from "../controls/icons";

/** Labels that are counted in the line; the others are one number. */
const LABELS_SHOWN = 6;

export function Finished({ store, made }: { store: Store; made: SeriesSummary | null }) {
  const { menuOpen, scope } = store.exporting;
  return (
    <div class="sam-finished" role="status" data-testid="series-finished">
      <p>
        <Icon name="check" /> <b>Finished:</b>
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
    <span class="sam-finished-objects" data-testid="finished-objects">
      {formatCount(made.objects, "object")}
      {shown.map(([label, count]) => (
        <Fragment key={label}>
          ,{" "}
          <span class="sam-finished-label">
            <span class="sam-finished-dot" style={{ background: colors[label] }} />
            {count} {label || "without a label"}
          </span>
        </Fragment>
      ))}
      {others > 0 && ` and ${formatCount(others, "label")} more`}
    </span>
  );
}
