// A hand on the stage, for tests of tools: what it does goes through no events.

import { clampToImage, stageToImage, transformOf } from "../../src/geometry/viewport";
import type { WirePrompts } from "../../src/protocol";
import { shownPrompts } from "../../src/state/optimistic";
import { hitTest } from "../../src/tools/hit-test";
import type { Sample, Tool, ToolContext } from "../../src/tools/tool";
import { createScene, IMAGE } from "./scene";

export type Spot = readonly [x: number, y: number];

/** A hand on the stage: 400 x 200 CSS pixels for an image of 200 x 100. */
export function hand(prompts: Partial<WirePrompts> = {}) {
  const scene = createScene(prompts);
  const { store } = scene;
  const transform = () => transformOf(IMAGE, store.stageSize.value, store.view.value);
  const context: ToolContext = {
    ...scene,
    transform,
    hit: ({ stage, kind }) =>
      hitTest(shownPrompts(store.document.value.prompts, []), transform(), stage, kind),
  };
  const sample = ([x, y]: Spot, travelled: boolean, exclude: boolean): Sample => ({
    image: clampToImage(IMAGE, stageToImage(transform(), { x, y })),
    stage: { x, y },
    kind: "mouse",
    exclude,
    adds: false,
    travelled,
  });
  return {
    ...scene,
    click(tool: Tool, at: Spot, exclude = false) {
      tool.down(sample(at, false, exclude), context).up(sample(at, false, exclude));
    },
    press(tool: Tool, from: Spot) {
      return tool.down(sample(from, false, false), context);
    },
    drag(tool: Tool, from: Spot, ...path: Spot[]) {
      const drag = tool.down(sample(from, false, false), context);
      for (const spot of path) drag.move(sample(spot, true, false));
      drag.up(sample(path.at(-1) ?? from, true, false));
    },
    excludeSlipping(tool: Tool, from: Spot, to: Spot) {
      const drag = tool.down(sample(from, false, true), context);
      drag.move(sample(to, true, true));
      drag.up(sample(to, true, true));
    },
    at: (spot: Spot) => sample(spot, true, false),
  };
}
