// Every gesture as the message that asks for it; points go as float32 beside the message.

import type { Gesture, WithPoints } from "../protocol";
import type { GestureActions } from "./actions";

/** `send` sends a gesture. */
export function gestureActions(send: (gesture: Gesture) => void): GestureActions {
  return { ...promptActions(send), ...editActions(send), ...objectActions(send) };
}

function promptActions(send: (gesture: Gesture) => void) {
  return {
    addPoint: (x, y, positive) => send({ type: "add_point", x, y, positive }),
    movePoint: (index, x, y) => send({ type: "move_point", index, x, y }),
    removePoint: (index) => send({ type: "remove_point", index }),
    setBox: (box) => send({ type: "set_box", ...box }),
    removeBox: () => send({ type: "remove_box" }),
    removeMask: () => send({ type: "remove_mask" }),
    setMaskFrom: (annotation_id) => send({ type: "set_mask_from", annotation_id }),
    setMultimask: (value) => send({ type: "set_multimask", value }),
    clear: () => send({ type: "clear" }),
    undo: () => send({ type: "undo" }),
    redo: () => send({ type: "redo" }),
  } satisfies Partial<GestureActions>;
}

function editActions(send: (gesture: Gesture) => void) {
  return {
    brush: (points, radius, annotation_id) =>
      send({ type: "brush", radius, annotation_id, ...packed(points) }),
    erase: (points, radius, annotation_id) =>
      send({ type: "erase", radius, annotation_id, ...packed(points) }),
    addPolygon: (points, annotation_id) =>
      send({ type: "add_polygon", annotation_id, ...packed(points) }),
    subtractPolygon: (points, annotation_id) =>
      send({ type: "subtract_polygon", annotation_id, ...packed(points) }),
    fillHoles: (max_area, annotation_id) => send({ type: "fill_holes", max_area, annotation_id }),
    dropIslands: (min_area, annotation_id) =>
      send({ type: "drop_islands", min_area, annotation_id }),
    smooth: (radius, annotation_id) => send({ type: "smooth", radius, annotation_id }),
    split: (annotation_id, line) =>
      send({ type: "split", annotation_id, ...(line && packed(line)) }),
    merge: (ids, label) => send({ type: "merge", ids, label }),
  } satisfies Partial<GestureActions>;
}

function objectActions(send: (gesture: Gesture) => void) {
  return {
    updateAnnotation: (annotation_id, change) =>
      send({ type: "update_annotation", annotation_id, ...change }),
    removeAnnotation: (annotation_id) => send({ type: "remove_annotation", annotation_id }),
    reopen: (annotation_id) => send({ type: "reopen", annotation_id }),
    updateAnnotations: (ids, change) => send({ type: "update_annotations", ids, ...change }),
    removeAnnotations: (ids) => send({ type: "remove_annotations", ids }),
    showOnly: (ids) => send({ type: "show_only", ids }),
    addLabel: (label) => send({ type: "add_label", label }),
    renameLabel: (label, to) => send({ type: "rename_label", label, to }),
    recolorLabel: (label, color) => send({ type: "recolor_label", label, color }),
    removeLabel: (label) => send({ type: "remove_label", label }),
  } satisfies Partial<GestureActions>;
}

/** Every machine with a browser is little-endian, as the wire is. */
function packed(points: readonly number[]): WithPoints {
  return { points: Float32Array.from(points) };
}
