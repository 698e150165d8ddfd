// Values that many tests are about.

import type { AnswerState, Candidate } from "../../src/protocol";
import type { SceneAnnotation } from "../../src/state/annotations";
import type { Store } from "../../src/state/store";
import { encodeRows } from "./masks";

export const EMPTY_RLE = new DataView(new ArrayBuffer(0));

export function answer(count: number, selected = 0, revision = 1): AnswerState {
  const candidates: Candidate[] = Array.from({ length: count }, (_, index) => ({
    score: [0.83, 0.95, 0.88][index] ?? 0,
    stability: 0.97,
    area: 1000 * (index + 1),
    rle: EMPTY_RLE,
  }));
  return { revision, version: 1, width: 200, height: 100, selected, candidates };
}

export function annotation(id: string, changes: Partial<SceneAnnotation> = {}): SceneAnnotation {
  return {
    id,
    label: `label of ${id}`,
    color: "#ff0000",
    visible: true,
    score: 0.9,
    stability: 0.95,
    area: 500,
    bbox: [0, 0, 10, 10],
    width: 200,
    height: 100,
    rle: EMPTY_RLE,
    ...changes,
  };
}

/** An object that is a box of an image of 200 x 100: its mask is a twentieth as large. */
export function boxObject(
  id: string,
  { x0, y0, x1, y1 }: { x0: number; y0: number; x1: number; y1: number },
  changes: Partial<SceneAnnotation> = {},
): SceneAnnotation {
  const rows = Array.from({ length: 5 }, (_, row) =>
    Array.from({ length: 10 }, (__, column) => {
      const [x, y] = [20 * (column + 0.5), 20 * (row + 0.5)];
      return x >= x0 && x < x1 && y >= y0 && y < y1 ? "#" : ".";
    }).join(""),
  );
  const bbox = [x0, y0, x1 - x0, y1 - y0] as const;
  return annotation(id, { ...encodeRows(rows), bbox: [...bbox], ...changes });
}

/** Two objects, "a" and "b", of which those are selected. */
export function selectAnnotations(store: Store, ...ids: string[]): void {
  store.confirmedAnnotations.value = ["a", "b"].map((id) => annotation(id));
  store.selectedIds.value = new Set(ids);
}
