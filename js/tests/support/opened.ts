// The whole page with everything open that can be, for tables over all that is on it.

import type { Store } from "../../src/state/store";
import { type Mounted, mount, settled } from "./mounted";
import { IMAGE } from "./scene";
import { annotation, answer, EMPTY_RLE } from "./values";

const FOUND = { score: 0.9, stability: 0.9, area: 9, rle: EMPTY_RLE, width: 9, height: 9 };

/** A mask to accept, labels, objects of which two are selected, and every panel open. */
export function openAll(store: Store): void {
  store.image.value = IMAGE;
  store.kernelStatus.value = "ready";
  store.answer.value = answer(3, 1);
  const points = [{ x: 9, y: 9, positive: true }];
  const box = { x0: 1, y0: 2, x1: 3, y1: 4 };
  const { document } = store;
  document.value = {
    ...document.value,
    can_undo: true,
    can_redo: true,
    prompts: { points, box, has_mask: true },
    journal: { state: "saved", note: "" },
  };
  store.labels.value = ["cat", "dog"];
  store.labelColors.value = { cat: "#ff0000", dog: "#00ff00" };
  store.confirmedAnnotations.value = ["a", "b"].map((id) => annotation(id, { label: "cat" }));
  store.selectedIds.value = new Set(["a", "b"]);
  store.series.value = { length: 3, index: 1, name: "two.jpg", statuses: "ttt", note: "" };
  store.notice.value = { kind: "error", text: "Something happened.", hint: "Do something." };
  store.tool.value = "polygon";
  store.editingOpen.value = true;
}

export function openEverything(store: Store): void {
  const { everything } = store;
  everything.open.value = true;
  everything.masks.value = [{ ...FOUND, row: 0, bbox: [0, 0, 9, 9] }];
  everything.kept.value = [0];
  everything.selected.value = new Set([0]);
  everything.region.value = { x0: 0, y0: 0, x1: 9, y1: 9 };
}

/** Mounted within a cell that takes focus itself, as the cell of a notebook does. */
export async function mountedInCell(
  prepare: (store: Store) => void = openAll,
): Promise<Mounted & { cell: HTMLElement }> {
  const mounted = mount(prepare);
  const cell = document.createElement("div");
  cell.tabIndex = -1;
  document.body.append(cell);
  cell.append(mounted.root);
  await settled();
  return { ...mounted, cell };
}
