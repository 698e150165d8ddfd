// The traits that every view mirrors.

import type { Traits } from "../protocol";

export const MIRRORED = [
  "image_state",
  "document",
  "prediction",
  "status",
  "problem",
  "model_info",
  "labels",
  "label_colors",
  "series_state",
] as const satisfies readonly (keyof Traits)[];
