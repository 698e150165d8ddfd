// A series of images: where one is in it, what is done, and a strip of small pictures.

import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { ViewContext } from "../commands/context";
import { keysOf } from "../commands/key-names";
import { finish, isMarked, stepImage, takeUpAgain } from "../commands/series";
import type { ImageStatus, SeriesState } from "../protocol";
import { placeOf, statusOf, summary } from "../state/series";
import type { Store } from "../state/store";
import { IconButton } from "./controls/icon-button";
import { Icon, type IconName } from "./controls/icons";
import { useId } from "./controls/unique-id";
import { SeriesThumbnails, type Thumbnail } from "./series-thumbnails";

/** CSS pixels from one picture to the next, and of a picture. */
const PITCH = 80;
const PICTURE = { width: 72, height: 54 } as const;
/** Pictures kept ready beyond both ends of what is in view. */
const SPARE = 3;

const MARKS: Record<ImageStatus | "unreadable", { icon: IconName | null; word: string }> = {
  todo: { icon: null, word: "to do" },
  done: { icon: "check", word: "done" },
  skipped: { icon: "skip", word: "skipped" },
  unreadable: { icon: "warning", word: "cannot be read" },
};

export function SeriesPanel({ store, actions }: ViewContext) {
  const series = store.series.value;
  if (series === null) return null;
  return (
    <section class="sam-series" aria-label="Images" data-testid="series" data-index={series.index}>
      <SeriesHead store={store} series={series} />
      {store.layout.stripOpen.value && <Strip store={store} actions={actions} series={series} />}
    </section>
  );
}

/** One thin line: it folds the strip, and says how far one is. */
function SeriesHead({ store, series }: { store: Store; series: SeriesState }) {
  const { stripOpen, stripChoice } = store.layout;
  const { index, length, name, statuses, note } = series;
  return (
    <div class="sam-series-head">
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
      <span class="sam-hidden" role="status" aria-live="polite">
        Image {index + 1} of {length}, {name}, {MARKS[statusOf(statuses, index)].word}
      </span>
    </div>
  );
}

/** Where one is in the series, and the way on; a group of the toolbar. */
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

function Strip({ store, actions, series }: ViewContext & { series: SeriesState }) {
  const strip = useRef<HTMLDivElement>(null);
  const stripId = useId();
  const shelf = useMemo(() => new SeriesThumbnails(actions.thumbnail), [actions]);
  const left = useSignal(0);
  const width = useSignal(8 * PITCH);
  const { index, length, statuses } = series;
  const start = Math.max(0, Math.floor(left.value / PITCH) - SPARE);
  const end = Math.min(length, Math.ceil((left.value + width.value) / PITCH) + SPARE);
  const shown = Array.from({ length: Math.max(0, end - start) }, (_, at) => start + at);
  useEffect(() => followWidth(strip.current, width), [width]);
  useEffect(() => {
    // The open image in the middle: what comes next is seen.
    const element = strip.current;
    if (element) element.scrollLeft = (index + 0.5) * PITCH - element.clientWidth / 2;
  }, [index]);
  useEffect(() => {
    if (statusOf(statuses, index) !== "unreadable") shelf.forgetFailures();
  }, [shelf, statuses, index]);
  useEffect(() => {
    shelf.want([...shown].sort((a, b) => Math.abs(a - index) - Math.abs(b - index)));
  });
  const optionId = (at: number) => `${stripId}-${at}`;
  return (
    <div
      class="sam-strip"
      role="listbox"
      aria-orientation="horizontal"
      aria-label="Images of the series"
      aria-activedescendant={shown.includes(index) ? optionId(index) : undefined}
      tabIndex={0}
      data-testid="series-strip"
      // To have read it is what renders the strip again when a picture arrives.
      data-arrived={shelf.arrived.value}
      ref={strip}
      onScroll={({ currentTarget }) => {
        left.value = currentTarget.scrollLeft;
      }}
      onKeyDown={(event) => {
        const to = targetOf(event.key, placeOf(store), length);
        if (to === null) return;
        event.preventDefault();
        if (to !== placeOf(store)) actions.goTo(to);
      }}
    >
      <div class="sam-strip-row" role="presentation" style={{ width: `${length * PITCH}px` }}>
        {shown.map((at) => (
          <Picture
            key={at}
            id={optionId(at)}
            at={at}
            length={length}
            open={at === index}
            opening={at === store.opening.value}
            status={statusOf(statuses, at)}
            thumbnail={shelf.find(at)}
            onOpen={() => actions.goTo(at)}
          />
        ))}
      </div>
    </div>
  );
}

/** Where a key leads in the strip; null if it is not the strip's. */
function targetOf(key: string, place: number, length: number): number | null {
  const to = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: length - 1 }[key];
  return to === undefined ? null : Math.min(Math.max(to, 0), length - 1);
}

interface PictureProps {
  id: string;
  at: number;
  length: number;
  open: boolean;
  opening: boolean;
  status: ImageStatus | "unreadable";
  thumbnail: Thumbnail | undefined;
  onOpen: () => void;
}

function Picture({ id, at, length, open, opening, status, thumbnail, onOpen }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const picture = thumbnail?.picture ?? null;
  useEffect(() => {
    if (canvas.current && picture) drawCovering(canvas.current, picture);
  }, [picture]);
  const failed = status === "unreadable" || (thumbnail !== undefined && picture === null);
  const { icon, word } = MARKS[failed && status === "todo" ? "unreadable" : status];
  const name = thumbnail?.name || `Image ${at + 1}`;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the strip.
    <div
      class="sam-picture"
      role="option"
      id={id}
      tabIndex={-1}
      aria-selected={open}
      aria-posinset={at + 1}
      aria-setsize={length}
      aria-label={`${name}, ${word}`}
      title={`${name}: ${word}`}
      data-testid="series-picture"
      data-at={at}
      data-status={status}
      data-opening={opening}
      data-loaded={picture !== null}
      style={{ left: `${at * PITCH}px` }}
      onClick={onOpen}
    >
      <canvas ref={canvas} width={2 * PICTURE.width} height={2 * PICTURE.height} />
      <span class="sam-picture-number">{at + 1}</span>
      {icon && (
        <span class="sam-picture-mark" data-mark={icon}>
          <Icon name={icon} />
        </span>
      )}
    </div>
  );
}

/** As large as covers the canvas, the middle of it. */
function drawCovering(canvas: HTMLCanvasElement, picture: ImageBitmap): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const scale = Math.max(canvas.width / picture.width, canvas.height / picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  context.imageSmoothingQuality = "high";
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(
    picture,
    (canvas.width - width) / 2,
    (canvas.height - height) / 2,
    width,
    height,
  );
}

function followWidth(element: HTMLElement | null, width: { value: number }): () => void {
  if (!element) return () => undefined;
  const observer = new ResizeObserver(() => {
    if (element.clientWidth > 0) width.value = element.clientWidth;
  });
  observer.observe(element);
  return () => observer.disconnect();
}
