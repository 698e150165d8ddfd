// What the tests of tools, pointer and keyboard share: a store with an image, and actions that
// remember what was asked for.

import type { ImageState, WirePrompts } from "../../src/protocol";
import { type GestureActions, gestureActions } from "../../src/protocol.generated";
import { EMPTY_DOCUMENT } from "../../src/state/document";
import { createInteraction } from "../../src/state/interaction";
import { createStore } from "../../src/state/store";
import type { Actions } from "../../src/wire/actions";

export const IMAGE: ImageState = {
  id: "one",
  width: 200,
  height: 100,
  note: "",
  preview: new DataView(new ArrayBuffer(0)),
  preview_mime: "image/png",
  preview_width: 200,
  preview_height: 100,
  max_level: -1,
  tile_size: 512,
};

export type Call = readonly [name: string, ...details: unknown[]];

/** Every action notes its name and arguments in `calls`. */
export function recordActions(): { actions: Actions; calls: Call[] } {
  const calls: Call[] = [];
  const note =
    (name: string) =>
    (...details: unknown[]): void => {
      calls.push([name, ...details]);
    };
  const names = Object.keys(
    gestureActions(
      () => undefined,
      () => null,
    ),
  );
  const gestures = Object.fromEntries(names.map((name) => [name, note(name)]));
  const actions: Actions = {
    ...(gestures as unknown as GestureActions),
    islands: () => Promise.resolve({ island_count: 1, islands: [9], hole_count: 0, holes: [] }),
    goTo: note("goTo"),
    mark: note("mark"),
    thumbnail: () => Promise.reject(new Error("no thumbnails here")),
    export: () => Promise.reject(new Error("no files here")),
    summary: () => Promise.reject(new Error("no series here")),
    preview: note("preview"),
    everything: {
      run: note("everything.run"),
      cancel: note("everything.cancel"),
      filter: note("everything.filter"),
      keep: note("everything.keep"),
      list: note("everything.list"),
    },
    tile: () => Promise.reject(new Error("no tiles here")),
  };
  return { actions, calls };
}

/** The image at twice its size: stage point = 2 x image point. */
export function createScene(prompts: Partial<WirePrompts> = {}) {
  const store = createStore();
  store.image.value = IMAGE;
  store.kernelStatus.value = "ready";
  store.stageSize.value = { width: 400, height: 200 };
  store.document.value = {
    ...EMPTY_DOCUMENT,
    prompts: { ...EMPTY_DOCUMENT.prompts, ...prompts },
  };
  return { store, interaction: createInteraction(), ...recordActions() };
}
