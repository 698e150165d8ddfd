// Edits by hand as messages: points go as float32 beside them.

import type { Gesture, WithPoints } from "../protocol";
import type { Actions } from "../state/store";

type EditActions = Pick<
  Actions,
  | "brush"
  | "erase"
  | "addPolygon"
  | "subtractPolygon"
  | "fillHoles"
  | "dropIslands"
  | "smooth"
  | "split"
  | "merge"
>;

/** Every edit as the gesture that asks for it. */
export function editActions(gesture: (what: Gesture) => void): EditActions {
  return {
    brush: (points, radius, annotation_id) =>
      gesture({ type: "brush", radius, annotation_id, ...packed(points) }),
    erase: (points, radius, annotation_id) =>
      gesture({ type: "erase", radius, annotation_id, ...packed(points) }),
    addPolygon: (points, annotation_id) =>
      gesture({ type: "add_polygon", annotation_id, ...packed(points) }),
    subtractPolygon: (points, annotation_id) =>
      gesture({ type: "subtract_polygon", annotation_id, ...packed(points) }),
    fillHoles: (max_area, annotation_id) =>
      gesture({ type: "fill_holes", max_area, annotation_id }),
    dropIslands: (min_area, annotation_id) =>
      gesture({ type: "drop_islands", min_area, annotation_id }),
    smooth: (radius, annotation_id) => gesture({ type: "smooth", radius, annotation_id }),
    split: (annotation_id, line) =>
      gesture({ type: "split", annotation_id, ...(line && packed(line)) }),
    merge: (ids, label) => gesture({ type: "merge", ids, label }),
  };
}

/** Every machine with a browser is little-endian, as the wire is. */
function packed(points: readonly number[]): WithPoints {
  return { points: Float32Array.from(points) };
}
