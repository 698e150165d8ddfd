// The list of objects after a message that tells what changed in it; pure.

import type { AnnotationsChanged, Bytes, WireAnnotation } from "../protocol";
import type { SceneObject } from "../state/objects";

export function afterDelta(
  before: readonly SceneObject[],
  delta: AnnotationsChanged,
  buffers: readonly Bytes[],
): SceneObject[] {
  const moved = new Set([...delta.removed, ...delta.changed.map((change) => change.annotation.id)]);
  const known = new Map(before.map((object) => [object.id, object.rle]));
  const objects = before.filter((object) => !moved.has(object.id));
  for (const { index, annotation } of delta.changed) {
    objects.splice(index, 0, withRle(annotation, buffers, known.get(annotation.id)));
  }
  return objects;
}

/** `known`: the mask's bytes from before, which stay the same object if the mask does. */
export function withRle(
  annotation: WireAnnotation,
  buffers: readonly Bytes[],
  known?: Bytes,
): SceneObject {
  const { buffer, ...rest } = annotation;
  const rle = buffer === null ? known : buffers[buffer];
  return { ...rest, rle: rle ?? new DataView(new ArrayBuffer(0)) };
}
