// What hand editing is for at the moment: a selected object, or the mask on screen.

import { MASK_COLOR } from "./colors";
import type { SceneObject } from "./objects";
import { hasMask, selectedObjects } from "./selectors";
import type { Store } from "./store";

/** An accepted object, or (`id` null) the mask on screen. */
export interface EditTarget {
  readonly id: string | null;
  readonly color: string;
  readonly name: string;
  readonly object: SceneObject | null;
}

/** The one selected object, else the mask on screen, a new one if need be; null for several. */
export function editTarget(store: Store): EditTarget | null {
  const [object, ...others] = selectedObjects(store);
  if (others.length > 0) return null;
  if (object) {
    const { id, color, label } = object;
    return { id, color, name: label || "unlabelled object", object };
  }
  const name = hasMask(store) ? "mask on screen" : "new mask";
  return { id: null, color: MASK_COLOR, name, object: null };
}
