// Accepted annotations as a view has them, and what its list shows of them.

import { holdsPoint } from "../geometry/masks";
import { MaskError } from "../geometry/rle";
import type { Bytes, WireAnnotation } from "../protocol";

/** An accepted annotation with its run-length bytes at hand. */
export interface SceneAnnotation extends Omit<WireAnnotation, "buffer"> {
  rle: Bytes;
}

export interface AnnotationFilter {
  readonly text: string;
  readonly label: string | null;
}

export const EVERY_ANNOTATION: AnnotationFilter = { text: "", label: null };

/** Objects whose label holds the text, whatever its case, and is the one asked for. */
export function matching(
  annotations: readonly SceneAnnotation[],
  { text, label }: AnnotationFilter,
): readonly SceneAnnotation[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "" && label === null) return annotations;
  return annotations.filter(
    (annotation) =>
      (label === null || annotation.label === label) &&
      annotation.label.toLowerCase().includes(wanted),
  );
}

/** Those that are visible and hold a point of the image, the topmost first. */
export function annotationsAt(
  annotations: readonly SceneAnnotation[],
  image: { readonly width: number; readonly height: number },
  point: { readonly x: number; readonly y: number },
): SceneAnnotation[] {
  return annotations
    .filter((annotation) => annotation.visible && isReadableAt(annotation, image, point))
    .reverse();
}

/** A mask that cannot be read is nowhere; the stage says what is wrong with it. */
function isReadableAt(...[mask, image, point]: Parameters<typeof holdsPoint>): boolean {
  try {
    return holdsPoint(mask, image, point);
  } catch (error) {
    if (error instanceof MaskError) return false;
    throw error;
  }
}

/** Objects per label; unlabelled ones under "". */
export function countByLabel(annotations: readonly SceneAnnotation[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { label } of annotations) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}
