import type { ToolName } from "../store";
import { boxTool } from "./box";
import { everythingTool } from "./everything";
import { panTool } from "./pan";
import { pointTool } from "./point";
import type { Tool } from "./tool";

/** Every tool by its name: a new one is a file beside this and a line here. */
export const TOOLS: Readonly<Record<ToolName, Tool>> = {
  point: pointTool,
  box: boxTool,
  pan: panTool,
  everything: everythingTool,
};
