// Where one is in the series, and the way on: a group of the toolbar.

import type { ViewContext } from "../../commands/context";
import { keysOf } from "../../commands/key-names";
import { finish, isMarked, stepImage, takeUpAgain } from "../../commands/series";
import { placeOf, statusOf } from "../../state/series";
import { IconButton } from "../controls/icon-button";
import { Icon, type IconName } from "../controls/icons";

export function SeriesPlace({ store, actions }: ViewContext) {
  const series = store.series.value;
  if (series === null) return null;
  const { index, length, name, statuses } = series;
  const place = placeOf(store);
  const status = statusOf(statuses, index);
  return (
    <fieldset class="sam-group sam-series-bar" aria-label="Place in the series">
      <IconButton
        small={true}
        icon="previous"
        label="Previous image"
        shortcut={keysOf("image-previous")}
        testId="series-previous"
        unavailable={place === 0}
        onPress={() => stepImage({ store, actions }, -1)}
      />
      <span class="sam-series-place" data-testid="series-place">
        {place + 1} / {length}
      </span>
      <IconButton
        small={true}
        icon="next"
        label="Next image"
        shortcut={keysOf("image-next")}
        testId="series-next"
        unavailable={place === length - 1}
        onPress={() => stepImage({ store, actions }, +1)}
      />
      <span class="sam-series-name" title={name} data-testid="series-name">
        {name}
      </span>
      <MarkButton store={store} actions={actions} status="done" pressed={status === "done"} />
      <MarkButton store={store} actions={actions} status="skipped" pressed={status === "skipped"} />
      {isMarked(store) && (
        <button
          type="button"
          class="sam-mark"
          data-testid="series-todo"
          title={`Set the image back to “to do” (${keysOf("image-todo")})`}
          onClick={() => takeUpAgain({ store, actions })}
        >
          To do
        </button>
      )}
    </fieldset>
  );
}

function MarkButton({
  store,
  actions,
  status,
  pressed,
}: ViewContext & { status: "done" | "skipped"; pressed: boolean }) {
  const [word, icon, id] =
    status === "done" ? ["Done", "check", "image-done"] : ["Skip", "skip", "image-skip"];
  const does = pressed ? `${word} already: go to the next` : `${word}: mark it, and go to the next`;
  return (
    <button
      type="button"
      class="sam-mark"
      data-testid={`series-${status}`}
      data-status={status}
      aria-pressed={pressed}
      title={`${does} (${keysOf(id ?? "")})`}
      onClick={() => finish({ store, actions }, status)}
    >
      <Icon name={icon as IconName} />
      {word}
    </button>
  );
}
