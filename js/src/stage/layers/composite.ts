// The tints of all accepted objects as one picture, at the masks' own size, pure. What changes is
// painted again within its bounds only: one of 500 objects costs little more than itself.

import { type Bounds, boundsOfRuns, paintRunsWithin, parseRuns } from "../../geometry/rle";
import type { Size } from "../../geometry/viewport";
import type { Bytes } from "../../protocol";
import { parseColor } from "../../state/colors";
import type { SceneObject } from "../../state/objects";
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

/** All masks of one size; in practice there is a single size. Later objects lie on earlier ones. */
export class Composite implements Size {
  readonly words: Uint32Array;
  #painted: readonly SceneObject[] = [];
  readonly #parsed = new WeakMap<Bytes, Parsed>();

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.words = new Uint32Array(width * height);
  }

  /** Bring the picture up to these objects, hidden ones left out. Throws MaskError. */
  update(objects: readonly SceneObject[]): Repainted {
    const visible = objects.filter((object) => object.visible);
    const region = this.#changed(visible);
    this.#painted = visible;
    if (region === null) return null;
    const all = { left: 0, top: 0, right: this.width, bottom: this.height };
    this.#paint(region === "all" ? all : region);
    return region;
  }

  /** Where an object's mask is; null if it is empty. */
  boundsOf(object: SceneObject): Bounds | null {
    return this.#parse(object).bounds;
  }

  #changed(visible: readonly SceneObject[]): Repainted {
    const changed = differences(this.#painted, visible);
    if (changed === "order" || changed.length > MOST_CHANGES) return "all";
    const bounds = changed.flatMap((object) => this.boundsOf(object) ?? []);
    return bounds.length === 0 ? null : bounds.reduce(union);
  }

  #paint(region: Bounds): void {
    const { left, top, right, bottom } = region;
    for (let row = top; row < bottom; row++) {
      this.words.fill(0, row * this.width + left, row * this.width + right);
    }
    for (const object of this.#painted) {
      const { runs, bounds } = this.#parse(object);
      if (!(bounds && intersect(bounds, region))) continue;
      const word = pack(parseColor(object.color, ALPHA));
      paintRunsWithin(runs, this.height, this.words, word, region);
    }
  }

  #parse(object: SceneObject): Parsed {
    const known = this.#parsed.get(object.rle);
    if (known) return known;
    const runs = parseRuns(object);
    const parsed = { runs, bounds: boundsOfRuns(runs, this.height) };
    this.#parsed.set(object.rle, parsed);
    return parsed;
  }
}

/** Objects that look different, as they were and as they are; "order" if others moved, too. */
function differences(
  before: readonly SceneObject[],
  after: readonly SceneObject[],
): SceneObject[] | "order" {
  const old = new Map(before.map((object) => [object.id, object]));
  const same = new Set<string>();
  const changed: SceneObject[] = [];
  for (const object of after) {
    const other = old.get(object.id);
    if (other && other.rle === object.rle && other.color === object.color) same.add(object.id);
    else changed.push(object);
  }
  const stayed = after.filter(({ id }) => same.has(id));
  let at = 0;
  for (const object of before) {
    if (same.has(object.id)) {
      if (stayed[at]?.id !== object.id) return "order";
      at += 1;
    } else changed.push(object);
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
