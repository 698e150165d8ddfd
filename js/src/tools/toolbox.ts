import type { ToolName } from "../state/store";
import { boxTool } from "./box";
import { brushTool } from "./brush";
import { cutTool } from "./cut";
import { eraserTool } from "./eraser";
import { everythingTool } from "./everything";
import { panTool } from "./pan";
import { pointTool } from "./point";
import { polygonTool } from "./polygon";
import { selectTool } from "./select";
import type { Tool } from "./tool";

/** Every tool by its name: a new one is a file beside this and a line here. */
export const TOOLS: Readonly<Record<ToolName, Tool>> = {
  point: pointTool,
  box: boxTool,
  pan: panTool,
  select: selectTool,
  brush: brushTool,
  eraser: eraserTool,
  polygon: polygonTool,
  cut: cutTool,
  everything: everythingTool,
};
