// The strip of small pictures; only those in view are in the page.

import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { ViewContext } from "../../commands/context";
import type { ImageStatus, SeriesState } from "../../protocol";
import { placeOf, statusOf } from "../../state/series";
import { Icon } from "../controls/icons";
import { useId } from "../controls/unique-id";
import { MARKS } from "./marks";
import { SeriesThumbnails, type Thumbnail } from "./thumbnails";

/** CSS pixels from one picture to the next, and of a picture. */
const PITCH = 80;
const PICTURE = { width: 72, height: 54 } as const;
/** Pictures kept ready beyond both ends of what is in view. */
const SPARE = 3;

interface StripProps extends ViewContext {
  series: SeriesState;
  /** Indices of the images that it shows; null for all. */
  shown: readonly number[] | null;
}

export function Strip({ store, actions, series, shown }: StripProps) {
  const strip = useRef<HTMLDivElement>(null);
  const stripId = useId();
  const shelf = useMemo(() => new SeriesThumbnails(actions.thumbnail), [actions]);
  const left = useSignal(0);
  const width = useSignal(8 * PITCH);
  const { index, length, statuses } = series;
  const count = shown?.length ?? length;
  const start = Math.max(0, Math.floor(left.value / PITCH) - SPARE);
  const end = Math.min(count, Math.ceil((left.value + width.value) / PITCH) + SPARE);
  const places = Array.from({ length: Math.max(0, end - start) }, (_, at) => start + at);
  const imageAt = (at: number) => shown?.[at] ?? at;
  const inView = places.map(imageAt);
  const place = nearest(shown, index);
  useEffect(() => followWidth(strip.current, width), [width]);
  useEffect(() => {
    // The open image in the middle: what comes next is seen.
    const element = strip.current;
    if (element) element.scrollLeft = (place + 0.5) * PITCH - element.clientWidth / 2;
  }, [place]);
  useEffect(() => {
    if (statusOf(statuses, index) !== "unreadable") shelf.forgetFailures();
  }, [shelf, statuses, index]);
  useEffect(() => {
    shelf.want([...inView].sort((a, b) => Math.abs(a - index) - Math.abs(b - index)));
  });
  const optionId = (at: number) => `${stripId}-${at}`;
  return (
    <div
      class="sam-strip"
      role="listbox"
      aria-orientation="horizontal"
      aria-label="Images of the series"
      aria-activedescendant={inView.includes(index) ? optionId(index) : undefined}
      tabIndex={0}
      data-testid="series-strip"
      // To have read it is what renders the strip again when a picture arrives.
      data-arrived={shelf.arrived.value}
      ref={strip}
      onScroll={({ currentTarget }) => {
        left.value = currentTarget.scrollLeft;
      }}
      onKeyDown={(event) => {
        const to = targetOf(event.key, nearest(shown, placeOf(store)), count);
        if (to === null) return;
        event.preventDefault();
        const image = imageAt(to);
        if (count > 0 && image !== placeOf(store)) actions.goTo(image);
      }}
    >
      <div class="sam-strip-row" role="presentation" style={{ width: `${count * PITCH}px` }}>
        {inView.map((at, view) => (
          <Picture
            key={at}
            id={optionId(at)}
            at={at}
            place={start + view}
            length={length}
            open={at === index}
            opening={at === store.opening.value}
            status={statusOf(statuses, at)}
            thumbnail={shelf.find(at)}
            onOpen={() => actions.goTo(at)}
          />
        ))}
      </div>
      {count === 0 && (
        <p class="sam-strip-empty" data-testid="strip-none">
          No such image.
        </p>
      )}
    </div>
  );
}

/** The place in the strip of an image, or where it would be. */
function nearest(shown: readonly number[] | null, image: number): number {
  if (shown === null) return image;
  const place = shown.findIndex((at) => at >= image);
  return place < 0 ? Math.max(shown.length - 1, 0) : place;
}

/** Where a key leads in the strip; null if it is not the strip's. */
function targetOf(key: string, place: number, length: number): number | null {
  const to = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: length - 1 }[key];
  return to === undefined ? null : Math.min(Math.max(to, 0), length - 1);
}

interface PictureProps {
  id: string;
  at: number;
  /** Its place in the strip. */
  place: number;
  length: number;
  open: boolean;
  opening: boolean;
  status: ImageStatus | "unreadable";
  thumbnail: Thumbnail | undefined;
  onOpen: () => void;
}

function Picture(props: PictureProps) {
  const { id, at, place, length, open, opening, status, thumbnail, onOpen } = props;
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
      style={{ left: `${place * PITCH}px` }}
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
