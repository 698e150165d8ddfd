import { describe, expect, it } from "vitest";
import { hintFor } from "../../../src/commands/words/hints";
import type { Interaction } from "../../../src/state/interaction";
import type { Store, ToolName } from "../../../src/state/store";
import { TOOLS } from "../../../src/tools/toolbox";
import { createScene } from "../../support/scene";
import { annotation, answer, boxObject, selectAnnotations } from "../../support/values";

type Prepare = (store: Store, interaction: Interaction) => void;

const nothing: Prepare = () => undefined;
const three: Prepare = (store) => {
  store.answer.value = answer(3);
};
const one: Prepare = (store) => {
  store.answer.value = answer(1);
};
const selected =
  (...ids: string[]): Prepare =>
  (store) =>
    selectAnnotations(store, ...ids);
const corners =
  (count: number): Prepare =>
  (_, interaction) => {
    interaction.polygon.value = Array.from({ length: 2 * count }, (__, at) => at);
  };
const found =
  (count: number, label = ""): Prepare =>
  (store) => {
    const mask = boxObject("m", { x0: 0, y0: 0, x1: 40, y1: 40 });
    const { everything } = store;
    everything.masks.value = [0, 1, 2].map((row) => ({ ...mask, row, score: 1, stability: 1 }));
    everything.selected.value = new Set([0, 1, 2].slice(0, count));
    store.label.value = label;
  };

/** Tool, state, and what is to be read. */
const TABLE: readonly (readonly [ToolName, string, Prepare, string])[] = [
  ["point", "nothing", nothing, "Click to include, right-click to exclude, drag for a box"],
  [
    "point",
    "a model without boxes",
    (store) => {
      store.model.value = { ...store.model.value, accepts: ["points"] };
    },
    "Click to include, right-click to exclude",
  ],
  [
    "point",
    "three masks",
    three,
    "1 2 3 choose, Enter accepts; click adds, right-click takes away",
  ],
  ["point", "one mask", one, "Enter accepts; click adds, right-click takes away"],
  [
    "point",
    "a label that accepts",
    (store, interaction) => {
      one(store, interaction);
      store.labels.value = ["cup"];
      store.acceptOnLabelChoice.value = true;
    },
    "A label key accepts; click adds, right-click takes away",
  ],
  [
    "point",
    "a reopened object",
    (store, interaction) => {
      one(store, interaction);
      store.document.value = { ...store.document.value, reopened: "a" };
    },
    "Enter replaces the object; click adds, right-click takes away",
  ],
  ["box", "nothing", nothing, "Drag a box around the object, from corner to corner"],
  ["box", "a mask", one, "Enter accepts; drag a side or corner to adjust the box"],
  [
    "box",
    "the crosshair",
    (_, interaction) => {
      interaction.crosshair.value = { x: 1, y: 1 };
    },
    "Enter sets a corner of the box",
  ],
  [
    "box",
    "one corner by key",
    (_, interaction) => {
      interaction.crosshair.value = { x: 1, y: 1 };
      interaction.anchor.value = { x: 1, y: 1 };
    },
    "Move, then Enter sets the opposite corner",
  ],
  ["pan", "nothing", nothing, "Drag the picture; Ctrl + wheel zooms"],
  ["select", "nothing", nothing, "Nothing to select yet: accept a mask first"],
  [
    "select",
    "objects",
    selected(),
    "Click an object to select it, again for the one beneath; Shift adds",
  ],
  ["select", "a selection", selected("a"), "Delete deletes it; click again for the one beneath"],
  [
    "select",
    "a selection and labels",
    (store, interaction) => {
      selected("a", "b")(store, interaction);
      store.labels.value = ["cup"];
    },
    "A label key relabels them, Delete deletes them; click again for the one beneath",
  ],
  ["brush", "nothing", nothing, "Drag to paint on the new mask; Alt erases"],
  ["brush", "an object", selected("a"), "Drag to paint on the label of a; Alt erases"],
  ["eraser", "a mask", one, "Drag to erase from the mask on screen; Alt paints"],
  [
    "eraser",
    "several objects",
    selected("a", "b"),
    "Several objects are selected: select the one to edit",
  ],
  ["polygon", "nothing", nothing, "Click the corners of an area to add to the new mask"],
  [
    "polygon",
    "subtracting",
    (store) => {
      store.subtracting.value = true;
    },
    "Click the corners of an area to take away from the new mask",
  ],
  ["polygon", "two corners", corners(2), "Click the next corner; Backspace takes one back"],
  [
    "polygon",
    "three corners",
    corners(3),
    "Enter or a click on the first corner closes; Backspace takes one back",
  ],
  ["cut", "nothing", nothing, "Select the object to cut first: Ctrl + click on it"],
  ["cut", "an object", selected("a"), "Draw a line across the selected object to cut it in two"],
  [
    "cut",
    "several objects",
    selected("a", "b"),
    "Several objects are selected: select the one to edit",
  ],
  ["everything", "nothing", nothing, "Press Find; drag a box to look only there"],
  [
    "everything",
    "a run",
    (store) => {
      store.everything.stage.value = "decoding";
    },
    "Masks appear as they are found",
  ],
  ["everything", "masks", found(0), "Click a mask to select it, right-click to add more"],
  ["everything", "a selection", found(2), "Enter keeps 2; click again for the mask beneath"],
  [
    "everything",
    "a selection and a label",
    found(1, "cup"),
    "Enter keeps 1 as cup; click again for the mask beneath",
  ],
];

describe("the hint", () => {
  it.each(TABLE)("of %s with %s", (tool, _, prepare, text) => {
    const { store, interaction } = createScene();
    store.tool.value = tool;
    prepare(store, interaction);
    expect(hintFor({ store, interaction })).toBe(text);
  });

  it("is there for every tool", () => {
    expect(new Set(TABLE.map(([tool]) => tool))).toEqual(new Set(Object.keys(TOOLS)));
  });

  it("speaks of objects while a click would select one", () => {
    const { store, interaction } = createScene();
    store.confirmedAnnotations.value = [annotation("a")];
    interaction.picking.value = true;
    expect(hintFor({ store, interaction })).toBe("Click an object to select it; Shift adds");
  });
});
