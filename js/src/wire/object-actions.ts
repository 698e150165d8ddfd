// What is done to accepted objects and to labels, as messages.

import type { Gesture } from "../protocol";
import type { Actions } from "../state/store";

type ObjectActions = Pick<
  Actions,
  | "updateAnnotation"
  | "removeAnnotation"
  | "reopen"
  | "updateAnnotations"
  | "removeAnnotations"
  | "showOnly"
  | "addLabel"
  | "renameLabel"
  | "recolorLabel"
  | "removeLabel"
>;

/** Every one of them as the gesture that asks for it. */
export function objectActions(gesture: (what: Gesture) => void): ObjectActions {
  return {
    updateAnnotation: (annotation_id, change) =>
      gesture({ type: "update_annotation", annotation_id, ...change }),
    removeAnnotation: (annotation_id) => gesture({ type: "remove_annotation", annotation_id }),
    reopen: (annotation_id) => gesture({ type: "reopen", annotation_id }),
    updateAnnotations: (ids, change) => gesture({ type: "update_annotations", ids, ...change }),
    removeAnnotations: (ids) => gesture({ type: "remove_annotations", ids }),
    showOnly: (ids) => gesture({ type: "show_only", ids }),
    addLabel: (label) => gesture({ type: "add_label", label }),
    renameLabel: (label, to) => gesture({ type: "rename_label", label, to }),
    recolorLabel: (label, color) => gesture({ type: "recolor_label", label, color }),
    removeLabel: (label) => gesture({ type: "remove_label", label }),
  };
}
