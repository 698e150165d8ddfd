// Adjusting what is there, the same in every drawing tool: a point is dragged, a box is moved by
// its rim or resized by its sides and corners.

import { type Handle, isDrawable, movedBox, resizedBox } from "../geometry/boxes";
import { type Box, clampToImage, type Point } from "../geometry/viewport";
import { shownPrompts } from "../state/optimistic";
import type { Hit } from "./hit-test";
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
