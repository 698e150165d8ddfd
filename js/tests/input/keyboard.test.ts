import { afterEach, describe, expect, it } from "vitest";
import { EMPTY_DOCUMENT, NO_ANSWER } from "../../src/state/document";
import { keyboardScene } from "../support/input";
import { annotation } from "../support/values";

afterEach(() => {
  document.body.replaceChildren();
});

describe("the notebook", () => {
  it("gets no bare key while focus is within the widget", () => {
    const { press, notebook, add } = keyboardScene();
    for (const key of ["b", "d", "d", "m", "Enter", "q", " ", "ArrowUp"]) press(key);
    press("Enter", { shiftKey: true });
    press("Enter", {}, add("button"));
    press("m", {}, add("input"));
    expect(notebook).not.toHaveBeenCalled();
  });

  it("gets its keys back when the view is gone", () => {
    const { press, notebook, controller } = keyboardScene();
    controller.abort();
    press("b");
    expect(notebook).toHaveBeenCalled();
  });

  it("fills the window by F, and gives it back by Escape before it gives up the focus", () => {
    const { press, store, stage, interaction } = keyboardScene();
    press("f");
    expect(store.layout.fullWindow.value).toBe(true);
    interaction.crosshair.value = { x: 1, y: 1 };
    press("Escape");
    expect(store.layout.fullWindow.value).toBe(true);
    press("Escape");
    expect(store.layout.fullWindow.value).toBe(false);
    expect(document.activeElement).toBe(stage);
  });

  it("gets the focus by Escape when nothing else is left to cancel", () => {
    const { press, interaction, stage, cell } = keyboardScene();
    interaction.crosshair.value = { x: 1, y: 1 };
    press("Escape");
    expect(interaction.crosshair.value).toBeNull();
    expect(document.activeElement).toBe(stage);
    press("Escape");
    expect(document.activeElement).toBe(cell);
  });
});

describe("what is typed", () => {
  it("stays with text fields, whatever it is", () => {
    const { press, add, gestures } = keyboardScene();
    const field = add("input", { type: "text" });
    for (const key of ["c", "1", "Backspace", "Enter", " "]) {
      expect(press(key, {}, field).defaultPrevented).toBe(false);
    }
    expect(press("z", { ctrlKey: true }, field).defaultPrevented).toBe(false);
    expect(gestures()).toEqual([]);
    press("Escape", {}, field);
    expect(document.activeElement).not.toBe(field);
  });

  it("lets Enter and Space press buttons, and shortcuts through", () => {
    const { press, add, gestures } = keyboardScene();
    const button = add("button");
    expect(press("Enter", {}, button).defaultPrevented).toBe(false);
    expect(press(" ", {}, button).defaultPrevented).toBe(false);
    press("c", {}, button);
    expect(gestures()).toEqual([["clear"]]);
  });

  it("lets arrows move a slider, and Tab leave the stage", () => {
    const { press, add } = keyboardScene();
    const slider = add("input", { type: "range" });
    expect(press("ArrowLeft", {}, slider).defaultPrevented).toBe(false);
    expect(press("Tab").defaultPrevented).toBe(false);
  });

  it("does nothing behind the open help", () => {
    const { press, store, gestures } = keyboardScene();
    store.helpOpen.value = true;
    press("c");
    expect(gestures()).toEqual([]);
    press("Escape");
    expect(store.helpOpen.value).toBe(false);
  });
});

describe("masks", () => {
  it("are chosen by number, those that there are", () => {
    const { press, gestures } = keyboardScene();
    for (const key of ["1", "2", "3"]) press(key);
    expect(gestures()).toEqual([
      ["choose", 0],
      ["choose", 1],
    ]);
  });

  it("are chosen before they have come, in the order of the keys", () => {
    const { press, store, gestures } = keyboardScene();
    store.pending.value = [{ type: "add_point", x: 1, y: 1, positive: true }];
    press("3");
    press("Enter");
    expect(gestures()).toEqual([
      ["choose", 2],
      ["accept", null],
    ]);
  });

  it("are accepted by Enter under the current label, once however long it is held", () => {
    const { press, store, gestures } = keyboardScene();
    const prompts = { ...EMPTY_DOCUMENT.prompts, has_mask: true };
    store.document.value = { ...EMPTY_DOCUMENT, prompts };
    press("Enter");
    store.label.value = "cup";
    press("Enter");
    press("Enter", { repeat: true });
    expect(gestures()).toEqual([
      ["accept", null],
      ["accept", "cup"],
    ]);
  });

  it("are not accepted where there are none", () => {
    const { press, store, gestures } = keyboardScene();
    store.answer.value = NO_ANSWER;
    press("1");
    press("Enter");
    expect(gestures()).toEqual([]);
  });
});

describe("objects", () => {
  it("are labelled, hidden and zoomed to by key, if they are selected", () => {
    const { press, store, gestures } = keyboardScene();
    store.answer.value = NO_ANSWER;
    store.labels.value = ["cup", "spoon"];
    press("@", { code: "Digit2", shiftKey: true });
    expect(store.label.value).toBe("spoon");
    store.confirmedAnnotations.value = [annotation("a"), annotation("b", { visible: false })];
    store.selectedIds.value = new Set(["a", "b"]);
    press("@", { code: "Digit2", shiftKey: true });
    press("(", { code: "Digit9", shiftKey: true });
    press("H", { shiftKey: true });
    press("j");
    expect(store.view.value.zoom).toBeGreaterThan(2);
    press("Delete");
    expect(gestures()).toEqual([
      ["updateAnnotations", ["a", "b"], { label: "spoon" }],
      ["updateAnnotations", ["a"], { visible: false }],
      ["removeAnnotations", ["a", "b"]],
    ]);
    press("Escape");
    expect(store.selectedIds.value.size).toBe(0);
  });
});

describe("prompts", () => {
  const points = [
    { x: 20, y: 30, positive: true },
    { x: 60, y: 70, positive: false },
  ];
  const withPrompts = () => {
    const scene = keyboardScene();
    const box = { x0: 1, y0: 2, x1: 30, y1: 40 };
    scene.store.document.value = { ...EMPTY_DOCUMENT, prompts: { points, box, has_mask: true } };
    return scene;
  };

  it("are deleted: the active one, else the last one", () => {
    const { press, store, gestures } = withPrompts();
    store.activePrompt.value = { kind: "point", index: 0 };
    press("Delete");
    press("Backspace");
    store.activePrompt.value = { kind: "box" };
    press("Delete");
    expect(gestures()).toEqual([["removePoint", 0], ["removePoint", 1], ["removeBox"]]);
  });

  it("are selected in turn and moved to the crosshair", () => {
    const { press, store, interaction, gestures } = withPrompts();
    const seen = ["n", "n", "n", "n"].map((key) => {
      press(key);
      return store.activePrompt.value;
    });
    expect(seen).toEqual([
      { kind: "point", index: 0 },
      { kind: "point", index: 1 },
      { kind: "box" },
      { kind: "point", index: 0 },
    ]);
    expect(interaction.crosshair.value).toMatchObject({ x: 20, y: 30 });
    press("ArrowRight");
    press("m");
    expect(gestures()).toEqual([["movePoint", 0, 25, 30]]);
  });
});

describe("view", () => {
  it("changes by keys", () => {
    const { press, store } = keyboardScene();
    press("+");
    expect(store.view.value.zoom).toBe(1.5);
    press("0");
    expect(store.view.value.zoom).toBe(1);
    press("]");
    expect(store.opacity.value).toBe(0.6);
    press("o");
    expect(store.outline.value).toBe(false);
    press("v");
    expect(store.previewChoice.value).toBe("off");
    press("h");
    expect(store.tool.value).toBe("pan");
    press("?");
    expect(store.helpOpen.value).toBe(true);
  });
});
