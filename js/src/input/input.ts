// What a person does with pointer and keys, while focus or pointer are in the widget.

import type { CommandContext } from "../commands/context";
import { followEverythingHover } from "./everything-hover";
import { keepFocusInside } from "./focus";
import { mountKeyboard } from "./keyboard";
import { followObjectHover } from "./object-hover";
import { mountPointer } from "./pointer";

/** Listen to the stage, and to all of `root` for keys, until `signal` aborts. */
export function mountInput(
  root: HTMLElement,
  stage: HTMLElement,
  context: CommandContext,
  signal: AbortSignal,
): void {
  mountPointer(stage, context, signal);
  mountKeyboard(root, stage, context, signal);
  keepFocusInside(root, stage, signal);
  const stops = [followEverythingHover(context.store), followObjectHover(context)];
  signal.addEventListener(
    "abort",
    () => {
      for (const stop of stops) stop();
    },
    { once: true },
  );
}
