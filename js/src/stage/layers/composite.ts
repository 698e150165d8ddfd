// The tints of all accepted annotations as one picture, at the masks' own size, pure. What changes is
// painted again within its bounds only: one of 500 annotations costs little more than itself.

import { type Bounds, boundsOfRuns, paintRunsWithin, parseRuns } from "../../geometry/rle";
import type { Size } from "../../geometry/viewport";
import type { Bytes } from "../../protocol";
import type { SceneAnnotation } from "../../state/annotations";
import { parseColor } from "../../state/colors";
import { pack } from "./sampling";

const ALPHA = 105;
/** With more changes than this everything is painted again: that is then no slower. */
const MOST_CHANGES = 32;

/** What was painted again, in pixels of the masks; "all" may be anything, null is nothing. */
export type Repainted = Bounds | "all" | null;

interface Parsed {
  readonly runs: Uint32Array;
  /** null for an empty mask. */
  readonly bounds: Bounds | null;
}

/** All masks of one size; in practice there is a single size. Later annotations lie on earlier ones. */
export class Composite implements Size {
  readonly words: Uint32Array;
  #painted: readonly SceneAnnotation[] = [];
  readonly #parsed = new WeakMap<Bytes, Parsed>();

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.words = new Uint32Array(width * height);
  }

  /** Bring the picture up to these annotations, hidden ones left out. Throws MaskError. */
  update(annotations: readonly SceneAnnotation[]): Repainted {
    const visible = annotations.filter((annotation) => annotation.visible);
    const region = this.#changed(visible);
    this.#painted = visible;
    if (region === null) return null;
    const all = { left: 0, top: 0, right: this.width, bottom: this.height };
    this.#paint(region === "all" ? all : region);
    return region;
  }

  /** Where an annotation's mask is; null if it is empty. */
  boundsOf(annotation: SceneAnnotation): Bounds | null {
    return this.#parse(annotation).bounds;
  }

  #changed(visible: readonly SceneAnnotation[]): Repainted {
    const changed = differences(this.#painted, visible);
    if (changed === "order" || changed.length > MOST_CHANGES) return "all";
    const bounds = changed.flatMap((annotation) => this.boundsOf(annotation) ?? []);
    return bounds.length === 0 ? null : bounds.reduce(union);
  }

  #paint(region: Bounds): void {
    const { left, top, right, bottom } = region;
    for (let row = top; row < bottom; row++) {
      this.words.fill(0, row * this.width + left, row * this.width + right);
    }
    for (const annotation of this.#painted) {
      const { runs, bounds } = this.#parse(annotation);
      if (!(bounds && intersect(bounds, region))) continue;
      const word = pack(parseColor(annotation.color, ALPHA));
      paintRunsWithin(runs, this.height, this.words, word, region);
    }
  }

  #parse(annotation: SceneAnnotation): Parsed {
    const known = this.#parsed.get(annotation.rle);
    if (known) return known;
    const runs = parseRuns(annotation);
    const parsed = { runs, bounds: boundsOfRuns(runs, this.height) };
    this.#parsed.set(annotation.rle, parsed);
    return parsed;
  }
}

/** Objects that look different, as they were and as they are; "order" if others moved, too. */
function differences(
  before: readonly SceneAnnotation[],
  after: readonly SceneAnnotation[],
): SceneAnnotation[] | "order" {
  const old = new Map(before.map((annotation) => [annotation.id, annotation]));
  const same = new Set<string>();
  const changed: SceneAnnotation[] = [];
  for (const annotation of after) {
    const other = old.get(annotation.id);
    if (other && other.rle === annotation.rle && other.color === annotation.color)
      same.add(annotation.id);
    else changed.push(annotation);
  }
  const stayed = after.filter(({ id }) => same.has(id));
  let at = 0;
  for (const annotation of before) {
    if (same.has(annotation.id)) {
      if (stayed[at]?.id !== annotation.id) return "order";
      at += 1;
    } else changed.push(annotation);
  }
  return changed;
}

export function union(first: Bounds, other: Bounds): Bounds {
  return {
    left: Math.min(first.left, other.left),
    top: Math.min(first.top, other.top),
    right: Math.max(first.right, other.right),
    bottom: Math.max(first.bottom, other.bottom),
  };
}

/** Whether they have anything in common, or are no more than `margin` apart. */
export function intersect(first: Bounds, other: Bounds, margin = 0): boolean {
  const across = first.left < other.right + margin && other.left < first.right + margin;
  return across && first.top < other.bottom + margin && other.top < first.bottom + margin;
}
