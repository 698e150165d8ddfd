// Whatever a person does is said, once, when it has been done.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { SHORTCUTS } from "../../src/commands/shortcuts";
import { type Gesture, gestureActions } from "../../src/protocol.generated";
import type { Finished } from "../../src/state/finished";
import type { Store } from "../../src/state/store";
import { type Mounted, mount, press, settled } from "../support/mounted";
import { openAll, openEverything } from "../support/opened";
import { annotation, answer } from "../support/values";

beforeEach(() => {
  document.body.replaceChildren();
});

/** The page, with a Python that does at once what it is asked. */
async function page(prepare: (store: Store) => void = openAll): Promise<Mounted & Said> {
  const mounted = mount(prepare);
  const { store, actions, get } = mounted;
  const finish = (what: Finished["what"]) => {
    store.finished.value = { what, reopened: store.document.value.reopened };
  };
  const gestures = gestureActions(
    (gesture: Gesture) => finish(gesture),
    () => null,
  );
  for (const [name, act] of Object.entries(gestures)) {
    vi.mocked(actions[name as keyof typeof gestures]).mockImplementation(act);
  }
  vi.mocked(actions.mark).mockImplementation((index, status) =>
    finish({ type: "mark", index, status }),
  );
  store.stageSize.value = { width: 400, height: 200 };
  await settled();
  const said: string[] = [];
  const region = get("announcer");
  new MutationObserver(() => said.push((region.textContent ?? "").trim())).observe(region, {
    childList: true,
    characterData: true,
    subtree: true,
  });
  return { ...mounted, said, finish };
}

interface Said {
  said: string[];
  finish: (what: Finished["what"]) => void;
}

const RLE = new Float32Array();

/** What Python does, and what is said then. There are two objects, "cat" each. */
const DONE: readonly (readonly [what: Finished["what"], sentence: string])[] = [
  [{ type: "accept", label: "cup" }, "Accepted as cup, 2 objects."],
  [{ type: "accept", label: null }, "Accepted without a label, 2 objects."],
  [{ type: "move_point", index: 0, x: 1, y: 1 }, "Point moved."],
  [{ type: "remove_point", index: 0 }, "Point removed."],
  [{ type: "remove_box" }, "Box removed."],
  [{ type: "remove_mask" }, "Mask prompt removed."],
  [{ type: "set_mask_from", annotation_id: "a" }, "cat is a mask prompt."],
  [{ type: "set_multimask", value: true }, "Always three masks."],
  [{ type: "set_multimask", value: null }, "As many masks as suit."],
  [{ type: "clear" }, "Prompts cleared."],
  [{ type: "undo" }, "Undone."],
  [{ type: "redo" }, "Redone."],
  [{ type: "brush", points: RLE, radius: 1, annotation_id: null }, "Painted."],
  [{ type: "erase", points: RLE, radius: 1, annotation_id: null }, "Erased."],
  [{ type: "add_polygon", points: RLE, annotation_id: null }, "Polygon added."],
  [{ type: "subtract_polygon", points: RLE, annotation_id: null }, "Polygon taken away."],
  [{ type: "fill_holes", max_area: null, annotation_id: null }, "Holes filled."],
  [{ type: "drop_islands", min_area: 9, annotation_id: null }, "Islands dropped."],
  [{ type: "smooth", radius: 2, annotation_id: null }, "Smoothed."],
  [{ type: "split", annotation_id: "a" }, "Split, 2 objects."],
  [{ type: "merge", ids: ["a", "b"], label: null }, "Merged, 2 objects."],
  [{ type: "update_annotation", annotation_id: "a", label: "dog" }, "cat: label dog."],
  [{ type: "update_annotation", annotation_id: "a", color: "#000000" }, "cat: colour changed."],
  [{ type: "update_annotation", annotation_id: "a", visible: false }, "cat hidden."],
  [{ type: "update_annotations", ids: ["a", "b"], visible: true }, "2 objects shown."],
  [{ type: "update_annotations", ids: ["a"], label: "" }, "1 object: no label."],
  [{ type: "remove_annotation", annotation_id: "z" }, "Deleted, 2 objects left."],
  [{ type: "remove_annotations", ids: ["y", "z"] }, "2 objects deleted, 2 objects left."],
  [{ type: "duplicate_annotation", annotation_id: "a" }, "Duplicated, 2 objects."],
  [{ type: "reopen", annotation_id: "a" }, "cat is open again. Accepting replaces it."],
  [{ type: "show_only", ids: ["a"] }, "Only 1 object shown."],
  [{ type: "add_label", label: "bird" }, "Label bird added."],
  [{ type: "rename_label", label: "cat", to: "tom" }, "Label cat is now tom."],
  [{ type: "recolor_label", label: "cat", color: "#000000" }, "Colour of cat changed."],
  [{ type: "remove_label", label: "dog" }, "Label dog removed."],
  [{ type: "mark", index: 0, status: "done" }, "Marked as done."],
  [{ type: "mark", index: 0, status: "todo" }, "To do again."],
  [{ type: "everything_cancel" }, "Stopped."],
  [{ type: "everything_keep", rows: [0], label: "cup" }, "Kept as cup, 2 objects."],
];

describe("what Python has done", () => {
  it.each(DONE)("%o is said", async (what, sentence) => {
    const { said, finish } = await page();
    finish(what);
    await settled();
    expect(said).toEqual([sentence]);
  });

  it("is said again when it is done again", async () => {
    const { said, finish } = await page();
    for (let time = 0; time < 3; time++) {
      finish({ type: "undo" });
      await settled();
    }
    expect(said).toEqual(["Undone.", "Undone.", "Undone."]);
  });

  it("is said together with the answer that came of it", async () => {
    const { said, store, finish } = await page();
    store.answer.value = answer(1, 0, 2);
    finish({ type: "undo" });
    await settled();
    expect(said).toEqual(["1 mask, best predicted IoU 0.83. Undone."]);
  });

  it("names what accepting has replaced", async () => {
    const { said, store, actions } = await page((fresh) => {
      openAll(fresh);
      fresh.confirmedAnnotations.value = [annotation("a", { label: "cat" })];
      fresh.document.value = { ...fresh.document.value, reopened: "a" };
    });
    actions.accept(null);
    store.answer.value = answer(0, 0, 3);
    await settled();
    expect(said).toEqual(["cat replaced, 1 object."]);
  });
});

/** What each key says, with a mask on screen, two objects selected, and everything mode closed. */
const KEYS: Readonly<Record<string, string>> = {
  // The answer says which mask is chosen, and whatever new prompts give.
  "choose-1": "",
  "choose-2": "",
  "choose-3": "",
  accept: "Accepted without a label, 2 objects.",
  undo: "Undone.",
  redo: "Redone.",
  delete: "Point removed.",
  clear: "Prompts cleared.",
  "label-1": "Label cat.",
  "label-2": "Label dog.",
  "objects-hide": "2 objects hidden.",
  "objects-duplicate": "",
  "objects-jump": "Zoom ",
  // The series says itself which image it has come to.
  "image-next": "",
  "image-previous": "",
  // A mask that is not accepted is pointed out first, by a notice that speaks for itself.
  "image-done": "",
  "image-skip": "",
  "image-todo": "",
  "tool-point": "Point tool.",
  "tool-box": "Box tool.",
  "tool-pan": "Pan tool.",
  "tool-select": "Select tool.",
  everything: "Everything mode. Tool for found masks.",
  "tool-brush": "Brush.",
  "tool-eraser": "Eraser.",
  "tool-polygon": "",
  "polygon-subtract": "The polygon takes away.",
  "tool-cut": "Knife.",
  "zoom-in": "Zoom 150 %.",
  "zoom-out": "",
  "zoom-fit": "",
  "full-window": "Full window on.",
  "opacity-down": "Opacity 40 %.",
  "opacity-up": "Opacity 60 %.",
  outline: "Outline off.",
  "hover-toggle": "Previews off.",
  // The help is a dialog, which is read when it opens.
  help: "",
  escape: "No object selected.",
  // The stage says where the crosshair is.
  include: "",
  exclude: "",
  "next-prompt": "Point 1 selected.",
  "move-prompt": "",
};

describe("a key", () => {
  const pressed = SHORTCUTS.filter(
    ({ keys, id }) => keys.length > 0 && !/^(move-Arrow|nudge-)/u.test(id),
  ).filter(({ id }) => !/^label-[3-9]$/u.test(id));

  it.each(pressed)("$id says what came of it, once", async ({ id, keys }) => {
    const { root, said } = await page();
    const parts = (keys[0] ?? "").split("+").filter((part) => part !== "");
    const init: KeyboardEventInit = {
      shiftKey: parts.includes("Shift"),
      ctrlKey: parts.includes("Mod"),
    };
    const last = parts.at(-1) ?? "+";
    const digit = /^label-([0-9])$/u.exec(id)?.[1];
    press(root, digit ? "!" : last, digit ? { ...init, code: `Digit${digit}` } : init);
    await settled();
    const expected = KEYS[id];
    if (expected === undefined) throw new Error(`Say here what ${id} says.`);
    expect(said.length).toBe(expected === "" ? 0 : 1);
    expect(said.join("")).toContain(expected);
  });
});

describe("the state of everything mode", () => {
  it("is said: its end, what is selected, that it is closed", async () => {
    const { said, store } = await page((fresh) => {
      openAll(fresh);
      openEverything(fresh);
    });
    store.everything.stage.value = "finished";
    await settled();
    store.everything.selected.value = new Set();
    await settled();
    store.everything.open.value = false;
    await settled();
    expect(said).toEqual([
      "Finished: 1 of 1 mask stay.",
      "No mask selected.",
      "Everything mode closed.",
    ]);
  });
});

describe("an error", () => {
  it("interrupts, and is said by its notice alone", async () => {
    const { root, store, said } = await page(() => undefined);
    store.notice.value = { kind: "error", text: "No.", hint: "" };
    await settled();
    expect(root.querySelector("[role=alert]")?.textContent).toContain("No.");
    expect(said).toEqual([]);
    store.notice.value = { kind: "info", text: "Well.", hint: "" };
    await settled();
    expect(root.querySelector("[role=alert]")).toBeNull();
  });
});
