// Selects accepted objects in the picture: a click the topmost, further clicks at the place those
// beneath it, in turn; Shift, the right button or a long press add to what is selected.

import { selectObjects } from "../commands/pointing";
import type { Tool } from "./tool";

export const selectTool: Tool = {
  name: "select",

  down(press, { store }) {
    return {
      move: () => undefined,
      up(sample) {
        if (!sample.travelled) selectObjects(store, press.image, press.adds || sample.exclude);
      },
      cancel: () => undefined,
    };
  },

  cursor: () => "pointer",
};
