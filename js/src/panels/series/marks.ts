// How an image stands: its sign and its word.

import type { ImageStatus } from "../../protocol";
import type { IconName } from "../controls/icons";

export const MARKS: Record<ImageStatus | "unreadable", { icon: IconName | null; word: string }> = {
  todo: { icon: null, word: "to do" },
  done: { icon: "check", word: "done" },
  skipped: { icon: "skip", word: "skipped" },
  unreadable: { icon: "warning", word: "cannot be read" },
};
