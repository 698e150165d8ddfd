// Moves the image under the pointer.

import { panView } from "../commands/zoom";
import type { Point } from "../geometry/viewport";
import type { Sample, Tool } from "./tool";

export const panTool: Tool = {
  name: "pan",

  down(press, { store }) {
    const before = store.view.value;
    let last: Point = press.stage;
    const follow = ({ stage }: Sample): void => {
      panView(store, stage.x - last.x, stage.y - last.y);
      last = stage;
    };
    return {
      move: follow,
      up: follow,
      cancel() {
        store.view.value = before;
      },
    };
  },

  cursor() {
    return "grab";
  },
};
