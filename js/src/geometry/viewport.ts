// The one map between image and screen, pure. Three frames, named in every function:
// image   pixels of the original image, continuous: pixel (row, column) covers [column, column + 1) x [row, row + 1);
// stage   CSS pixels from the stage's top left corner, before any CSS transform of its ancestors;
// client  CSS pixels of the browser's viewport, as events give them.

export interface Point {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** The stage: it has margins where the image, shown whole, does not fill it. */
export interface Stage extends Size {
  /** So many CSS pixels are a whole number of device pixels; 1 if absent. */
  readonly unit?: number;
}

/**
 * What part of the image is on stage. `x` and `y` are the fractions of the image at the stage's
 * middle, so that a view keeps its meaning when the stage is resized. At zoom 1 the image is shown
 * whole, as large as the stage allows.
 */
export interface View {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

/** The whole image, in the middle. */
export const WHOLE_IMAGE: View = { zoom: 1, x: 0.5, y: 0.5 };

/** Image to stage: x_stage = a * x + e, y_stage = d * y + f. There is no rotation or shear. */
export interface Transform {
  readonly a: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

/** A client rectangle, as getBoundingClientRect gives it. */
export interface ClientRect {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** An image pixel spans at most this many CSS pixels when the image is shown whole, ... */
const LARGEST_PIXEL = 32;
/** ... and the image at least this many. */
const LEAST_SIDE = 16;

/** The image shown whole, in CSS pixels: fitted into the stage, its sides whole device pixels. */
export function fitImage(image: Size, stage: Stage): Size {
  const room = Math.min(stage.width / image.width, stage.height / image.height);
  const scale = Math.min(room, LARGEST_PIXEL);
  const { unit = 1 } = stage;
  return {
    width: fitSide(image.width * scale, stage.width, unit),
    height: fitSide(image.height * scale, stage.height, unit),
  };
}

function fitSide(side: number, available: number, unit: number): number {
  const most = Math.max(unit, Math.floor(available / unit) * unit);
  const least = Math.min(most, LEAST_SIDE);
  return clamp(Math.round(side / unit) * unit, least, most);
}

export function transformOf(image: Size, stage: Stage, view: View): Transform {
  const whole = fitImage(image, stage);
  const width = whole.width * view.zoom;
  const height = whole.height * view.zoom;
  const { unit = 1 } = stage;
  // Where nothing is hidden the image begins at a whole device pixel: its border is sharp.
  const start = (place: number, length: number, room: number): number =>
    length <= room ? Math.floor((room - length) / 2 / unit) * unit : room / 2 - place * length;
  return {
    a: width / image.width,
    d: height / image.height,
    e: start(view.x, width, stage.width),
    f: start(view.y, height, stage.height),
  };
}

/** As in a CSS matrix(): "a b c d e f". */
export function formatTransform({ a, d, e, f }: Transform): string {
  return `${a} 0 0 ${d} ${e} ${f}`;
}

export function imageToStage(transform: Transform, point: Point): Point {
  return {
    x: transform.a * point.x + transform.e,
    y: transform.d * point.y + transform.f,
  };
}

export function stageToImage(transform: Transform, point: Point): Point {
  return {
    x: (point.x - transform.e) / transform.a,
    y: (point.y - transform.f) / transform.d,
  };
}

/**
 * `rect` is the stage as the browser shows it, `stage` its own size: where they differ, a CSS
 * transform or zoom of an ancestor scales the stage, and the pointer with it.
 */
export function clientToStage(rect: ClientRect, stage: Size, client: Point): Point {
  const scaleX = rect.width > 0 && stage.width > 0 ? rect.width / stage.width : 1;
  const scaleY = rect.height > 0 && stage.height > 0 ? rect.height / stage.height : 1;
  return { x: (client.x - rect.left) / scaleX, y: (client.y - rect.top) / scaleY };
}

export function clientToImage(
  rect: ClientRect,
  stage: Size,
  transform: Transform,
  client: Point,
): Point {
  return stageToImage(transform, clientToStage(rect, stage, client));
}

/** The nearest point of the image, borders included. */
export function clampToImage(image: Size, point: Point): Point {
  return { x: clamp(point.x, 0, image.width), y: clamp(point.y, 0, image.height) };
}

/** At the highest zoom an image pixel spans at least LARGEST_PIXEL CSS pixels each way. */
export function maxZoom(image: Size, stage: Stage): number {
  const whole = fitImage(image, stage);
  const pixel = Math.min(whole.width / image.width, whole.height / image.height);
  return pixel > 0 ? Math.max(1, LARGEST_PIXEL / pixel) : 1;
}

/**
 * The nearest view whose zoom is allowed and that wastes no room: what is larger than the stage
 * covers it, what is not lies in its middle.
 */
export function clampView(view: View, image: Size, stage: Stage): View {
  const zoom = clamp(view.zoom, 1, maxZoom(image, stage));
  const whole = fitImage(image, stage);
  const place = (at: number, length: number, room: number): number => {
    const visible = room / (length * zoom);
    return visible >= 1 ? 0.5 : clamp(at, visible / 2, 1 - visible / 2);
  };
  return {
    zoom,
    x: place(view.x, whole.width, stage.width),
    y: place(view.y, whole.height, stage.height),
  };
}

/** Part of the stage that a box fills which is shown by itself. */
const BOX_SHARE = 0.6;

/** The view with a box, in image pixels, in its middle, as large as its share allows. */
export function viewOf(box: Box, image: Size, stage: Stage): View {
  const { a, d } = transformOf(image, stage, WHOLE_IMAGE);
  const across = Math.max((box.x1 - box.x0) * a, Number.EPSILON) / stage.width;
  const down = Math.max((box.y1 - box.y0) * d, Number.EPSILON) / stage.height;
  const zoom = BOX_SHARE / Math.max(across, down);
  const x = (box.x0 + box.x1) / 2 / image.width;
  const y = (box.y0 + box.y1) / 2 / image.height;
  return clampView({ zoom, x, y }, image, stage);
}

/** Multiplies the zoom; the image point under `anchor` (stage) stays there if the borders allow. */
export function zoomAt(view: View, factor: number, anchor: Point, image: Size, stage: Stage): View {
  if (stage.width <= 0 || stage.height <= 0) return view;
  const zoom = clamp(view.zoom * factor, 1, maxZoom(image, stage));
  const point = stageToImage(transformOf(image, stage, view), anchor);
  const whole = fitImage(image, stage);
  const x = point.x / image.width + (stage.width / 2 - anchor.x) / (whole.width * zoom);
  const y = point.y / image.height + (stage.height / 2 - anchor.y) / (whole.height * zoom);
  return clampView({ zoom, x, y }, image, stage);
}

/** Moves the image by (dx, dy) stage pixels. */
export function panBy(view: View, dx: number, dy: number, image: Size, stage: Stage): View {
  if (stage.width <= 0 || stage.height <= 0) return view;
  const whole = fitImage(image, stage);
  const x = view.x - dx / (whole.width * view.zoom);
  const y = view.y - dy / (whole.height * view.zoom);
  return clampView({ zoom: view.zoom, x, y }, image, stage);
}

/** Pans just enough for an image point to be at least `margin` stage pixels inside the stage. */
export function panIntoView(
  view: View,
  point: Point,
  image: Size,
  stage: Stage,
  margin: number,
): View {
  const at = imageToStage(transformOf(image, stage, view), point);
  const marginX = Math.min(margin, stage.width / 2);
  const marginY = Math.min(margin, stage.height / 2);
  const dx = clamp(at.x, marginX, stage.width - marginX) - at.x;
  const dy = clamp(at.y, marginY, stage.height - marginY) - at.y;
  return dx === 0 && dy === 0 ? view : panBy(view, dx, dy, image, stage);
}

/**
 * The largest stage in the room there is, in whole CSS pixels that are whole device pixels, too,
 * where that is possible: the canvases are then shown without any resampling.
 */
export function stageIn(room: Size, devicePixelRatio: number): Stage {
  const unit = wholePixelUnit(devicePixelRatio);
  const whole = (side: number): number => Math.max(unit, Math.floor(side / unit) * unit);
  return { width: whole(room.width), height: whole(room.height), unit };
}

/** The fewest CSS pixels (up to 4) that are a whole number of device pixels; 1 if there are none. */
function wholePixelUnit(devicePixelRatio: number): number {
  for (let unit = 1; unit <= 4; unit++) {
    const pixels = unit * devicePixelRatio;
    if (Math.abs(pixels - Math.round(pixels)) < 1e-3) return unit;
  }
  return 1;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high));
}
