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

/**
 * What part of the image is on stage. `left` and `top` are fractions of the image at the stage's
 * top left corner, so that a view keeps its meaning when the stage is resized.
 */
export interface View {
  readonly zoom: number;
  readonly left: number;
  readonly top: number;
}

/** The whole image: covers the stage exactly. */
export const IDENTITY_VIEW: View = { zoom: 1, left: 0, top: 0 };

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

/** Zoomed in fully, one image pixel spans at least this many CSS pixels each way. */
const LARGEST_PIXEL = 32;
const LEAST_SIDE = 16;
/** Smaller images are enlarged until their long side reaches this, space permitting. */
const COMFORTABLE_SIDE = 512;

export function transformOf(image: Size, stage: Size, view: View): Transform {
  const width = stage.width * view.zoom;
  const height = stage.height * view.zoom;
  // "0 -" instead of unary minus: no negative zero in data-transform.
  return {
    a: width / image.width,
    d: height / image.height,
    e: 0 - view.left * width,
    f: 0 - view.top * height,
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

export function maxZoom(image: Size, stage: Size): number {
  const pixel = Math.min(stage.width / image.width, stage.height / image.height);
  return pixel > 0 ? Math.max(1, LARGEST_PIXEL / pixel) : 1;
}

/** The nearest view whose zoom is allowed and whose image covers the whole stage. */
export function clampView(view: View, limit: number): View {
  const zoom = clamp(view.zoom, 1, limit);
  const hidden = 1 - 1 / zoom;
  return { zoom, left: clamp(view.left, 0, hidden), top: clamp(view.top, 0, hidden) };
}

/** Part of the stage that a box fills which is shown by itself. */
const BOX_SHARE = 0.6;

/** The view with a box, in image pixels, in its middle, as large as `limit` and its share allow. */
export function viewOf(box: Box, image: Size, limit: number): View {
  const across = (box.x1 - box.x0) / image.width;
  const down = (box.y1 - box.y0) / image.height;
  const zoom = clamp(BOX_SHARE / Math.max(across, down, Number.EPSILON), 1, limit);
  const left = (box.x0 + box.x1) / 2 / image.width - 0.5 / zoom;
  const top = (box.y0 + box.y1) / 2 / image.height - 0.5 / zoom;
  return clampView({ zoom, left, top }, limit);
}

/** Multiplies the zoom; the image point under `anchor` (stage) stays there if the borders allow. */
export function zoomAt(
  view: View,
  factor: number,
  anchor: Point,
  stage: Size,
  limit: number,
): View {
  if (stage.width <= 0 || stage.height <= 0) return view;
  const zoom = clamp(view.zoom * factor, 1, limit);
  const across = anchor.x / stage.width;
  const down = anchor.y / stage.height;
  const left = view.left + across / view.zoom - across / zoom;
  const top = view.top + down / view.zoom - down / zoom;
  return clampView({ zoom, left, top }, limit);
}

/** Moves the image by (dx, dy) stage pixels. */
export function panBy(view: View, dx: number, dy: number, stage: Size): View {
  if (stage.width <= 0 || stage.height <= 0) return view;
  const left = view.left - dx / (stage.width * view.zoom);
  const top = view.top - dy / (stage.height * view.zoom);
  return clampView({ zoom: view.zoom, left, top }, view.zoom);
}

/** Pans just enough for an image point to be at least `margin` stage pixels inside the stage. */
export function panIntoView(
  view: View,
  point: Point,
  image: Size,
  stage: Size,
  margin: number,
): View {
  const at = imageToStage(transformOf(image, stage, view), point);
  const marginX = Math.min(margin, stage.width / 2);
  const marginY = Math.min(margin, stage.height / 2);
  const dx = clamp(at.x, marginX, stage.width - marginX) - at.x;
  const dy = clamp(at.y, marginY, stage.height - marginY) - at.y;
  return dx === 0 && dy === 0 ? view : panBy(view, dx, dy, stage);
}

/**
 * Size of the stage, in whole CSS pixels: the image fitted into the space there is. At fractional
 * device pixel ratios sides are such that they are whole device pixels too, where that is
 * possible: the canvases are then shown without any resampling.
 */
export function fitStage(image: Size, available: Size, devicePixelRatio: number): Size {
  const room = Math.min(available.width / image.width, available.height / image.height);
  const comfortable = COMFORTABLE_SIDE / Math.max(image.width, image.height);
  const scale = Math.min(room, Math.max(1, comfortable));
  const unit = wholePixelUnit(devicePixelRatio);
  return {
    width: fitSide(image.width * scale, available.width, unit),
    height: fitSide(image.height * scale, available.height, unit),
  };
}

function fitSide(side: number, available: number, unit: number): number {
  const most = Math.max(unit, Math.floor(available / unit) * unit);
  const least = Math.min(most, LEAST_SIDE);
  return clamp(Math.round(side / unit) * unit, least, most);
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
