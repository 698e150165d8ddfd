// Whatever arrives while one types: every field keeps its text, its selection and its caret.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Store } from "../../../src/state/store";
import { type Mounted, mount, press, settled } from "../../support/mounted";
import { IMAGE } from "../../support/scene";
import { annotation, answer, EMPTY_RLE } from "../../support/values";

type AnyField = HTMLInputElement | HTMLSelectElement;

const FOUND = { score: 0.9, stability: 0.9, area: 9, rle: EMPTY_RLE, width: 9, height: 9 };

/** Everything that has a field is open. */
function prepare(store: Store): void {
  store.image.value = IMAGE;
  store.kernelStatus.value = "ready";
  store.answer.value = answer(3, 1);
  store.labels.value = ["cat", "dog"];
  store.labelColors.value = { cat: "#ff0000", dog: "#00ff00" };
  store.confirmedAnnotations.value = ["a", "b"].map((id) => annotation(id, { label: "cat" }));
  store.selectedIds.value = new Set(["a", "b"]);
  store.tool.value = "brush";
  store.editingOpen.value = true;
  const { everything } = store;
  everything.open.value = true;
  everything.masks.value = [{ ...FOUND, row: 0, bbox: [0, 0, 9, 9] }];
  everything.kept.value = [0];
}

/** Answers, saves, deltas, previews, labels and progress: each as new objects, as they arrive. */
function disturb(store: Store, round: number): void {
  store.answer.value = answer(round % 2 === 0 ? 1 : 3, 0, 10 + round);
  const journal = { state: round % 2 === 0 ? "saving" : "saved", note: "" } as const;
  store.document.value = { ...store.document.value, version: round, journal };
  store.preview.value = {
    x: round,
    y: round,
    revision: round,
    score: 0.5,
    width: 9,
    height: 9,
    rle: EMPTY_RLE,
  };
  store.pending.value = round % 2 === 0 ? [{ type: "undo" }] : [];
  const more = Array.from({ length: 30 + round }, (_, at) => annotation(`more ${at}`));
  store.confirmedAnnotations.value = [
    annotation("a", { label: `cat ${round}`, color: `#00000${round % 10}` }),
    annotation("b", { label: `dog ${round}`, color: `#00000${round % 10}` }),
    ...more,
  ];
  store.labels.value = ["cat", "dog", `label ${round}`];
  store.labelColors.value = { cat: `#00000${round % 10}`, dog: `#0000${10 + round}` };
  store.model.value = { ...store.model.value, decode_ms: round, preview_ms: round };
  store.brushRadius.value = 5 + round;
  store.opacity.value = round % 2 === 0 ? 0.3 : 0.7;
  store.label.value = `written elsewhere ${round}`;
  store.annotationFilter.value = { ...store.annotationFilter.value };
  store.everything.thresholds.value = {
    pred_iou_thresh: (round % 10) / 10,
    stability_score_thresh: (round % 9) / 10,
    box_nms_thresh: (round % 8) / 10,
    min_mask_region_area: 10 * round,
  };
  store.hover.value = { x: round, y: round };
}

/** How each field is reached that is not simply there; by test id. */
const REACHED: Record<string, ({ get }: Mounted) => void> = {
  "label-new": ({ get }) => get("label-add").click(),
  "label-rename": ({ get }) => press(get("label-chip"), "F2"),
  "object-label-input": ({ get }) => press(get("object-label"), "F2"),
};

/** What a person puts into a field step by step, by its kind. */
function stepsOf(field: AnyField): readonly string[] {
  if (field instanceof HTMLSelectElement) return ["last", "first", "last"];
  if (field.type === "color") return ["#123456", "#abcdef"];
  if (field.type === "range") return [field.max, field.min, field.max];
  const text = field.type === "number" ? "1234567" : "<img src=x onerror=alert(1)>";
  return Array.from(text, (_, at) => text.slice(0, at + 1));
}

/** Of those that are there now: what nothing has any more cannot be chosen. */
function optionOf({ options }: HTMLSelectElement, which: string): string {
  return options[which === "last" ? options.length - 1 : 0]?.value ?? "";
}

function put(field: AnyField, value: string): void {
  field.value = value;
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  // Text changes when it is left, all others at once.
  if (!isText(field)) field.dispatchEvent(new Event("change", { bubbles: true }));
}

function isText(field: AnyField): field is HTMLInputElement {
  return field instanceof HTMLInputElement && /^(text|search)$/u.test(field.type);
}

const FIELDS = [
  "mask-count",
  "label-color",
  "label-new",
  "label-rename",
  "label-input",
  "object-search",
  "object-label-filter",
  "object-color",
  "object-label-input",
  "selection-label",
  "opacity",
  "brush-radius",
  "island-area",
  "everything-points",
  "everything-crops",
  "everything-pred_iou_thresh",
  "everything-stability_score_thresh",
  "everything-box_nms_thresh",
  "everything-min_mask_region_area",
];

async function opened(testId: string): Promise<Mounted & { field: AnyField }> {
  const mounted = mount((store) => {
    prepare(store);
    // The candidates have the room of everything mode while there are some.
    if (testId === "mask-count") store.everything.open.value = false;
  });
  await settled();
  REACHED[testId]?.(mounted);
  await settled();
  return { ...mounted, field: mounted.get<HTMLInputElement>(testId) };
}

describe("a field", () => {
  it("is in this table, whichever it is", async () => {
    const seen = new Set<string>();
    for (const testId of [...FIELDS.filter((id) => id in REACHED), "mask-count", "opacity"]) {
      const { root, unmount } = await opened(testId);
      for (const field of root.querySelectorAll<AnyField>("input, select, textarea")) {
        seen.add(field.dataset.testid ?? "?");
      }
      unmount();
    }
    expect([...seen].sort()).toEqual([...FIELDS].sort());
  });

  it.each(FIELDS)("%s is left alone by what arrives while one is in it", async (testId) => {
    const { field, store, get, unmount } = await opened(testId);
    field.focus();
    for (const [round, step] of stepsOf(field).entries()) {
      const value = field instanceof HTMLSelectElement ? optionOf(field, step) : step;
      put(field, value);
      const caret = Math.floor(value.length / 2);
      if (isText(field)) field.setSelectionRange(caret, value.length);
      disturb(store, round);
      // Half of the keys come before anything is drawn, half after.
      if (round % 2 === 0) await settled();
      expect(get(testId)).toBe(field);
      expect(document.activeElement).toBe(field);
      expect(field.value).toBe(value);
      if (isText(field)) {
        expect([field.selectionStart, field.selectionEnd]).toEqual([caret, value.length]);
      }
    }
    unmount();
  });

  it.each([
    ["label-input", "x", "written elsewhere 3"],
    ["opacity", "100", "70"],
    ["everything-pred_iou_thresh", "1", "0.3"],
    ["label-color", "#123456", "#000003"],
  ])("%s follows the state once one has left it", async (testId, typed, after) => {
    const { field, store, unmount } = await opened(testId);
    field.focus();
    put(field, typed);
    disturb(store, 3);
    field.blur();
    expect(field.value).toBe(after);
    unmount();
  });

  it("takes its value by one mechanism alone", () => {
    const folder = join(import.meta.dirname, "../../../src/panels");
    const others = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".tsx") && !path.endsWith("field.tsx"))
      .filter((path) =>
        /<(input|select|textarea)\b/u.test(readFileSync(join(folder, path), "utf8")),
      );
    expect(others, "use Field or Select of controls/field.tsx").toEqual([]);
  });
});
