// Adjusting what is there, the same in every drawing tool: a point is dragged, a box is moved by
// its rim or resized by its sides and corners.

import {
  type Box,
  boxFromCorners,
  clampToImage,
  type Point,
  type Size,
} from "../geometry/viewport";
import { shownPrompts } from "../state/optimistic";
import { isDrawable } from "./draw-box";
import type { Handle, Hit } from "./hit-test";
import type { Drag, Sample, ToolContext } from "./tool";

/** A drag of what the press hit; `click` is called instead if the pointer never travels. */
export function adjust(hit: Hit, press: Sample, context: ToolContext, click: () => void): Drag {
  const { store, interaction } = context;
  const shown = shownPrompts(store.document.value.prompts, store.pending.value);
  const follow =
    hit.kind === "point"
      ? followPoint(hit.index, shown.points[hit.index], press, context)
      : followBox(hit.handle, shown.box, press, context);
  return {
    move(sample) {
      if (sample.travelled) follow.move(sample);
    },
    up(sample) {
      interaction.draft.value = null;
      if (sample.travelled) follow.up(sample);
      else click();
    },
    cancel() {
      interaction.draft.value = null;
    },
  };
}

type Follow = Pick<Drag, "move" | "up">;
const STAY: Follow = { move: () => undefined, up: () => undefined };

/** The point keeps its distance to the pointer, so that it does not jump at the press. */
function followPoint(
  index: number,
  point: Point | undefined,
  press: Sample,
  { store, actions, interaction }: ToolContext,
): Follow {
  const image = store.image.value;
  if (!(point && image)) return STAY;
  const target = (sample: Sample): Point => clampToImage(image, moved(point, press, sample));
  return {
    move(sample) {
      interaction.draft.value = { kind: "point", index, ...target(sample) };
    },
    up(sample) {
      const { x, y } = target(sample);
      actions.movePoint(index, x, y);
    },
  };
}

function followBox(handle: Handle, box: Box | null, press: Sample, context: ToolContext): Follow {
  const { store, actions, interaction } = context;
  const image = store.image.value;
  if (!(box && image)) return STAY;
  const target = (sample: Sample): Box => {
    const delta = { x: sample.image.x - press.image.x, y: sample.image.y - press.image.y };
    return handle.x === 0 && handle.y === 0
      ? movedBox(box, delta, image)
      : resizedBox(box, handle, delta, image);
  };
  return {
    move(sample) {
      interaction.draft.value = { kind: "box", box: target(sample) };
    },
    up(sample) {
      const result = target(sample);
      if (isDrawable(result, context.transform())) actions.setBox(result);
    },
  };
}

function moved(point: Point, press: Sample, now: Sample): Point {
  return { x: point.x + now.image.x - press.image.x, y: point.y + now.image.y - press.image.y };
}

/** Keeps its size: it stops at the image's border. */
export function movedBox(box: Box, delta: Point, image: Size): Box {
  const dx = Math.min(Math.max(delta.x, -box.x0), image.width - box.x1);
  const dy = Math.min(Math.max(delta.y, -box.y0), image.height - box.y1);
  return { x0: box.x0 + dx, y0: box.y0 + dy, x1: box.x1 + dx, y1: box.y1 + dy };
}

/** A side dragged across its opposite turns the box over. */
export function resizedBox(box: Box, handle: Handle, delta: Point, image: Size): Box {
  const from = {
    x: handle.x < 0 ? box.x0 + delta.x : box.x0,
    y: handle.y < 0 ? box.y0 + delta.y : box.y0,
  };
  const to = {
    x: handle.x > 0 ? box.x1 + delta.x : box.x1,
    y: handle.y > 0 ? box.y1 + delta.y : box.y1,
  };
  return boxFromCorners(clampToImage(image, from), clampToImage(image, to));
}
