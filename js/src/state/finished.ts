// What Python has done for this view.

import type { EverythingRequest, Gesture, Navigation } from "../protocol.generated";

export interface Finished {
  readonly what: Gesture | Navigation | EverythingRequest;
  /** The annotation that accepting replaced when this was asked for. */
  readonly reopened: string | null;
}
