// Paints on the mask with a round brush, as long as the pointer is down.

import { painting } from "./painting";

export const brushTool = painting("brush");
