// Numbers on the picture: of the objects that are selected, and of the one that is pointed at, as in
// the list; one alone has its label, too.

import type { Frame } from "../../geometry/frame";
import { imageToStage } from "../../geometry/viewport";
import type { SceneAnnotation } from "../../state/annotations";
import { inkOn, shade } from "../../state/colors";
import type { Store } from "../../state/store";
import type { Layer } from "./layer";

/** More numbers than this hide the picture, and tell nothing. */
const MOST_TAGS = 200;
const LONGEST_LABEL = 24;
/** CSS pixels. */
const TEXT_SIZE = 12;
const HEIGHT = 18;
const PADDING = 5;
const RADIUS = 4;

/** What is written at an object. */
export interface Tag {
  readonly annotation: SceneAnnotation;
  readonly text: string;
}

/** The tags to draw, the one that is pointed at last: it lies on top. */
export function tagsOf(store: Store): readonly Tag[] {
  const { annotations, selectedIds, highlighted } = store;
  const selection = selectedIds.value;
  const pointedAt = highlighted.value;
  if (selection.size === 0 && pointedAt === null) return [];
  const tags: Tag[] = [];
  let last: Tag | null = null;
  for (const [index, annotation] of annotations.value.entries()) {
    const { id, label } = annotation;
    const alone = id === pointedAt || (selection.size === 1 && pointedAt === null);
    const text = alone && label !== "" ? `${index + 1}  ${shortened(label)}` : `${index + 1}`;
    if (id === pointedAt) last = { annotation, text };
    else if (selection.has(id) && tags.length < MOST_TAGS) tags.push({ annotation, text });
  }
  return last ? [...tags, last] : tags;
}

function shortened(label: string): string {
  const characters = [...label];
  if (characters.length <= LONGEST_LABEL) return label;
  return `${characters.slice(0, LONGEST_LABEL - 1).join("")}…`;
}

export function tagsLayer(store: Store): Layer {
  return {
    name: "tags",
    watch() {
      const tags = tagsOf(store);
      return tags.length > 0 ? tags : null;
    },
    draw(context, frame) {
      context.save();
      context.font = `600 ${TEXT_SIZE * frame.pixelRatio}px system-ui, sans-serif`;
      context.textBaseline = "middle";
      for (const tag of tagsOf(store)) drawTag(context, frame, tag);
      context.restore();
      return false;
    },
  };
}

/** At the top left corner of the object's box, within the stage. */
function drawTag(context: CanvasRenderingContext2D, frame: Frame, { annotation, text }: Tag): void {
  const { device, backing, pixelRatio } = frame;
  const [x, y] = annotation.bbox;
  const corner = imageToStage(device, { x, y });
  const height = HEIGHT * pixelRatio;
  const width = context.measureText(text).width + 2 * PADDING * pixelRatio;
  const left = Math.round(within(corner.x, backing.width - width));
  const top = Math.round(within(corner.y, backing.height - height));
  context.beginPath();
  context.roundRect(left, top, width, height, RADIUS * pixelRatio);
  context.lineWidth = 2 * pixelRatio;
  context.strokeStyle = shade(0.55);
  context.stroke();
  context.fillStyle = annotation.color;
  context.fill();
  context.fillStyle = inkOn(annotation.color);
  context.fillText(text, left + PADDING * pixelRatio, top + height / 2 + 0.5 * pixelRatio);
}

function within(value: number, most: number): number {
  return Math.max(0, Math.min(value, most));
}
