// The contract of a tool: told of a press it answers with a drag, which reads as a story of
// move, move ... and then up or cancel. Tools know nothing of events.

import type { CommandContext } from "../commands/context";
import type { Point, Transform } from "../geometry/viewport";
import type { ToolName } from "../state/store";
import type { Hit, PointerKind } from "./hit-test";

/** The pointer at one moment. */
export interface Sample {
  /** Image pixels, within the image. */
  readonly image: Point;
  /** CSS pixels within the stage; may lie outside it during a drag. */
  readonly stage: Point;
  readonly kind: PointerKind;
  /** The press asks to leave something out: right button, Alt, or a long press. */
  readonly exclude: boolean;
  /** Shift is down: a selection grows. */
  readonly adds: boolean;
  /** Farther from the press than a hand trembles, now or earlier: a drag and no longer a click. */
  readonly travelled: boolean;
}

export interface ToolContext extends CommandContext {
  /** The map on screen now. */
  readonly transform: () => Transform;
  /** What lies under a pointer. */
  readonly hit: (sample: Sample) => Hit | null;
}

/** One press until its release. Exactly one of `up` and `cancel` ends it. */
export interface Drag {
  move(sample: Sample): void;
  up(sample: Sample): void;
  cancel(): void;
}

export interface Tool {
  readonly name: ToolName;
  /** Prompts under the pointer are dragged, and stand out. */
  readonly adjusts?: true;
  /** Works on masks: a long press means nothing. */
  readonly edits?: true;
  down(sample: Sample, context: ToolContext): Drag;
  /** CSS cursor over `hit` while nothing is pressed. */
  cursor(hit: Hit | null): string;
}
