// What hand editing is for at the moment: a selected annotation, or the mask on screen.

import type { SceneAnnotation } from "./annotations";
import { hasMask, pendingColor, selectedAnnotations } from "./selectors";
import type { Store } from "./store";

/** An accepted annotation, or (`id` null) the mask on screen. */
export interface EditTarget {
  readonly id: string | null;
  readonly color: string;
  readonly name: string;
  readonly annotation: SceneAnnotation | null;
}

/** The one selected annotation, else the mask on screen, a new one if need be; null for several. */
export function editTarget(store: Store): EditTarget | null {
  const [annotation, ...others] = selectedAnnotations(store);
  if (others.length > 0) return null;
  if (annotation) {
    const { id, color, label } = annotation;
    return { id, color, name: label || "unlabelled object", annotation };
  }
  const name = hasMask(store) ? "mask on screen" : "new mask";
  return { id: null, color: pendingColor(store), name, annotation: null };
}
