// Takes pixels off the mask with a round eraser, as long as the pointer is down.

import { painting } from "./painting";

export const eraserTool = painting("eraser");
