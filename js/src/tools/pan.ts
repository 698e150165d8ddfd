// Moves the image under the pointer.

import { type Point, panBy } from "../geometry/viewport";
import type { Sample, Tool } from "./tool";

export const panTool: Tool = {
  name: "pan",

  down(press, { store }) {
    const before = store.view.value;
    let last: Point = press.stage;
    const follow = ({ stage }: Sample): void => {
      store.view.value = panBy(
        store.view.value,
        stage.x - last.x,
        stage.y - last.y,
        store.stageSize.value,
      );
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
