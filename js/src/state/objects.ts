// Accepted objects as a view has them, and what its list shows of them.

import type { Bytes, WireAnnotation } from "../protocol";

/** An accepted object with its run-length bytes at hand. */
export interface SceneObject extends Omit<WireAnnotation, "buffer"> {
  rle: Bytes;
}

export interface ObjectFilter {
  readonly text: string;
  readonly label: string | null;
}

export const EVERY_OBJECT: ObjectFilter = { text: "", label: null };

/** Objects whose label holds the text, whatever its case, and is the one asked for. */
export function matching(
  objects: readonly SceneObject[],
  { text, label }: ObjectFilter,
): readonly SceneObject[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "" && label === null) return objects;
  return objects.filter(
    (object) =>
      (label === null || object.label === label) && object.label.toLowerCase().includes(wanted),
  );
}

/** Objects per label; unlabelled ones under "". */
export function countByLabel(objects: readonly SceneObject[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { label } of objects) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}
