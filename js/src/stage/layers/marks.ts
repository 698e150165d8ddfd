// Prompts and what is being drawn: always on top, the same size at any zoom.

import { boxFromCorners } from "../../geometry/boxes";
import type { Frame } from "../../geometry/frame";
import { type Box, imageToStage, type Point } from "../../geometry/viewport";
import type { Interaction } from "../../state/interaction";
import { shownPrompts } from "../../state/optimistic";
import type { Store } from "../../state/store";
import { drawBox, drawCrosshair, drawPoint, type Emphasis } from "./glyphs";
import type { Layer } from "./layer";

export function marksLayer(store: Store, interaction: Interaction): Layer {
  const shown = () =>
    shownPrompts(store.document.value.prompts, store.pending.value, interaction.draft.value);
  return {
    name: "marks",
    watch() {
      const { points, box } = shown();
      const crosshair = interaction.crosshair.value;
      if (points.length === 0 && box === null && crosshair === null) return null;
      return [store.activePrompt.value, interaction.anchor.value];
    },
    draw(context, frame) {
      const { points, box } = shown();
      const active = store.activePrompt.value;
      const draft = interaction.draft.value;
      if (box) {
        const adjustable = draft?.kind !== "box";
        const emphasis = emphasisOf(box.provisional, active?.kind === "box");
        drawBox(context, boxOnCanvas(box, frame), frame.pixelRatio, emphasis, adjustable);
      }
      for (const [index, point] of points.entries()) {
        const isActive = active?.kind === "point" && active.index === index;
        const emphasis = emphasisOf(point.provisional, isActive);
        drawPoint(context, onCanvas(point, frame), frame.pixelRatio, point.positive, emphasis);
      }
      const crosshair = interaction.crosshair.value;
      const anchor = interaction.anchor.value;
      if (crosshair && anchor) {
        const band = boxOnCanvas(boxFromCorners(anchor, crosshair), frame);
        drawBox(context, band, frame.pixelRatio, "provisional", false);
      }
      if (crosshair) drawCrosshair(context, onCanvas(crosshair, frame), frame);
      return false;
    },
  };
}

function emphasisOf(provisional: boolean, active: boolean): Emphasis {
  if (active) return "active";
  return provisional ? "provisional" : "plain";
}

/** Image to device pixels: the same affine map, seen through the canvas's own scale. */
function onCanvas(point: Point, { device }: Frame): Point {
  return imageToStage(device, point);
}

function boxOnCanvas(box: Box, frame: Frame): Box {
  const from = onCanvas({ x: box.x0, y: box.y0 }, frame);
  const to = onCanvas({ x: box.x1, y: box.y1 }, frame);
  return { x0: from.x, y0: from.y, x1: to.x, y1: to.y };
}
