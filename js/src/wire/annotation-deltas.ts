// The list of annotations after a message that tells what changed in it; pure.

import type { AnnotationsChanged, Bytes, WireAnnotation } from "../protocol";
import type { SceneAnnotation } from "../state/annotations";

export function afterDelta(
  before: readonly SceneAnnotation[],
  delta: AnnotationsChanged,
  buffers: readonly Bytes[],
): SceneAnnotation[] {
  const moved = new Set([...delta.removed, ...delta.changed.map((change) => change.annotation.id)]);
  const known = new Map(before.map((annotation) => [annotation.id, annotation.rle]));
  const annotations = before.filter((annotation) => !moved.has(annotation.id));
  for (const { index, annotation } of delta.changed) {
    annotations.splice(index, 0, withRle(annotation, buffers, known.get(annotation.id)));
  }
  return annotations;
}

/** `known`: the mask's bytes from before, which stay the same object if the mask does. */
export function withRle(
  annotation: WireAnnotation,
  buffers: readonly Bytes[],
  known?: Bytes,
): SceneAnnotation {
  const { buffer, ...rest } = annotation;
  const rle = buffer === null ? known : buffers[buffer];
  return { ...rest, rle: rle ?? new DataView(new ArrayBuffer(0)) };
}
