import { describe, expect, it, onTestFinished } from "vitest";
import { holdPanels } from "../../../src/stage/answer-first";
import { tagsOf } from "../../../src/stage/layers/tags";
import { mount, press, settled, type } from "../../support/mounted";
import { annotation } from "../../support/values";

describe("an object in the list", () => {
  it("shows labels as text, whatever they hold", async () => {
    const label = "<img src=x onerror=alert(1)>";
    const { root, get } = mount((store) => {
      store.confirmedAnnotations.value = [annotation("a", { label })];
    });
    await settled();
    expect(get("object-label").textContent).toBe(label);
    expect(root.querySelector("img")).toBeNull();
  });

  it("recolours, hides, reopens, deletes, and is a mask prompt", async () => {
    const { actions, get } = mount((store) => {
      store.confirmedAnnotations.value = [annotation("a")];
      store.selectedIds.value = new Set(["a"]);
    });
    await settled();
    const color = get<HTMLInputElement>("object-color");
    color.value = "#00ff00";
    color.dispatchEvent(new Event("change", { bubbles: true }));
    get("object-visible").click();
    get("selection-reopen").click();
    expect(actions.reopen).toHaveBeenCalledExactlyOnceWith("a");
    get("selection-mask-prompt").click();
    get("object-delete").click();
    expect(actions.updateAnnotation).toHaveBeenNthCalledWith(1, "a", { color: "#00ff00" });
    expect(actions.updateAnnotation).toHaveBeenNthCalledWith(2, "a", { visible: false });
    expect(actions.setMaskFrom).toHaveBeenCalledExactlyOnceWith("a");
    expect(actions.removeAnnotation).toHaveBeenCalledExactlyOnceWith("a");
  });

  it("says in words what no sign is known for, and renames by a pencil", async () => {
    const { actions, get, all } = mount((store) => {
      store.confirmedAnnotations.value = [annotation("a", { label: "cat" })];
      store.model.value = { ...store.model.value, accepts: ["points"] };
      store.selectedIds.value = new Set(["a"]);
    });
    await settled();
    expect(get("selection-reopen").textContent).toBe("Reopen");
    expect(all("selection-mask-prompt")).toEqual([]);
    get("object-rename").click();
    await settled();
    get<HTMLInputElement>("object-label-input").value = "dog";
    press(get("object-label-input"), "Enter");
    expect(actions.updateAnnotation).toHaveBeenCalledExactlyOnceWith("a", { label: "dog" });
  });

  it("has the number that is on the picture, and figures for who asks", async () => {
    const { store, all } = mount((fresh) => {
      fresh.confirmedAnnotations.value = ["cup", "spoon", "cup"].map((label, at) =>
        annotation(`${at}`, { label }),
      );
      fresh.selectedIds.value = new Set(["2"]);
    });
    await settled();
    const texts = (testId: string) => all(testId).map(({ textContent }) => textContent);
    expect(texts("object-number")).toEqual(["1", "2", "3"]);
    expect(tagsOf(store).map(({ text }) => text)).toEqual(["3  cup"]);
    expect(texts("object-row")[1]).toBe("2spoon");
    store.figures.value = true;
    store.annotationFilter.value = { text: "", label: "cup" };
    await settled();
    expect(texts("object-number")).toEqual(["1", "3"]);
    expect(texts("object-row")[1]).toBe("3cup0.90 · 500\u202fpx");
  });

  it("renames by F2 and Enter; Escape takes it back", async () => {
    const { actions, get, all } = mount((store) => {
      store.confirmedAnnotations.value = [annotation("a", { label: "cat" })];
    });
    await settled();
    press(get("object-label"), "F2");
    await settled();
    get<HTMLInputElement>("object-label-input").value = "dog";
    press(get("object-label-input"), "Escape");
    await settled();
    expect(all("object-label-input")).toHaveLength(0);
    expect(actions.updateAnnotation).not.toHaveBeenCalled();
    press(get("object-label"), "Enter");
    await settled();
    get<HTMLInputElement>("object-label-input").value = " dog ";
    press(get("object-label-input"), "Enter");
    await settled();
    expect(actions.updateAnnotation).toHaveBeenCalledExactlyOnceWith("a", { label: "dog" });
    expect(document.activeElement).toBe(get("object-list"));
  });

  it("are renamed in a field that has the very next key, whatever the panels wait for", async () => {
    const { store, get, unmount } = mount();
    store.confirmedAnnotations.value = [annotation("a", { label: "cup" })];
    await settled();
    const release = holdPanels();
    onTestFinished(release);
    get("object-label").dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
    const field = get<HTMLInputElement>("object-label-input");
    expect(document.activeElement).toBe(field);
    expect([field.selectionStart, field.selectionEnd]).toEqual([0, 3]);
    // What is typed from here on is never selected again, and so never overwritten.
    field.setSelectionRange(1, 1);
    release();
    await settled();
    expect(document.activeElement).toBe(field);
    expect([field.selectionStart, field.selectionEnd]).toEqual([1, 1]);
    unmount();
  });
});

describe("the list of objects", () => {
  it("highlights the row under the pointer, and nothing once it is gone", async () => {
    const { store, get } = mount((fresh) => {
      fresh.confirmedAnnotations.value = [annotation("a")];
    });
    await settled();
    get("object-row").dispatchEvent(new MouseEvent("mouseenter"));
    expect(store.highlighted.value).toBe("a");
    store.confirmedAnnotations.value = [];
    await settled();
    expect(store.highlighted.value).toBeNull();
  });

  it("selects by click, with Control, with Shift and by key", async () => {
    const { store, get, all } = mount((fresh) => {
      fresh.confirmedAnnotations.value = ["a", "b", "c", "d"].map((id) => annotation(id));
    });
    await settled();
    const click = (index: number, init: MouseEventInit = {}) =>
      all("object-row")[index]?.dispatchEvent(new MouseEvent("click", { bubbles: true, ...init }));
    const selected = () => [...store.selectedIds.value].sort();
    click(1);
    expect(selected()).toEqual(["b"]);
    expect(document.activeElement).toBe(get("object-list"));
    click(3, { shiftKey: true });
    expect(selected()).toEqual(["b", "c", "d"]);
    click(2, { ctrlKey: true });
    expect(selected()).toEqual(["b", "d"]);
    press(get("object-list"), "Home");
    expect(selected()).toEqual(["a"]);
    press(get("object-list"), "a", { ctrlKey: true });
    expect(selected()).toEqual(["a", "b", "c", "d"]);
    await settled();
    expect(all("object-row").map((row) => row.getAttribute("aria-selected"))).toEqual([
      "true",
      "true",
      "true",
      "true",
    ]);
    press(get("object-list"), "Escape");
    expect(selected()).toEqual([]);
  });

  it("goes to the one that is selected in the picture", async () => {
    const { store, get } = mount((fresh) => {
      fresh.confirmedAnnotations.value = Array.from({ length: 100 }, (_, at) =>
        annotation(`o${at}`),
      );
    });
    await settled();
    store.selectedIds.value = new Set(["o70"]);
    await settled();
    expect(get("object-list").scrollTop).toBeGreaterThan(0);
    press(get("object-list"), "ArrowDown");
    expect([...store.selectedIds.value]).toEqual(["o71"]);
  });

  it("relabels, hides, shows alone and deletes the selection, each at once", async () => {
    const { actions, store, get } = mount((fresh) => {
      fresh.confirmedAnnotations.value = ["a", "b", "c"].map((id) => annotation(id));
      fresh.selectedIds.value = new Set(["a", "c"]);
    });
    await settled();
    expect(get("selection-count").textContent).toBe("2 objects selected");
    const field = get<HTMLInputElement>("selection-label");
    field.value = "cat";
    press(field, "Enter");
    expect(actions.updateAnnotations).toHaveBeenLastCalledWith(["a", "c"], { label: "cat" });
    get("selection-visible").click();
    expect(actions.updateAnnotations).toHaveBeenLastCalledWith(["a", "c"], { visible: false });
    get("selection-only").click();
    expect(actions.showOnly).toHaveBeenCalledExactlyOnceWith(["a", "c"]);
    get("selection-delete").click();
    expect(actions.removeAnnotations).toHaveBeenCalledExactlyOnceWith(["a", "c"]);
    store.confirmedAnnotations.value = [annotation("b")];
    expect(store.selectedIds.value.size).toBe(0);
  });

  it("duplicates the one that is selected, by its button and by key", async () => {
    const { actions, store, root, get, all } = mount((fresh) => {
      fresh.confirmedAnnotations.value = ["a", "b"].map((id) => annotation(id));
      fresh.selectedIds.value = new Set(["b"]);
    });
    await settled();
    get("selection-duplicate").click();
    press(root, "C", { shiftKey: true });
    expect(actions.duplicateAnnotation).toHaveBeenCalledTimes(2);
    expect(actions.duplicateAnnotation).toHaveBeenLastCalledWith("b");
    store.selectedIds.value = new Set(["a", "b"]);
    await settled();
    expect(all("selection-duplicate")).toHaveLength(0);
    press(root, "C", { shiftKey: true });
    expect(store.notice.value?.hint).toBe("Select the one to duplicate.");
    expect(actions.duplicateAnnotation).toHaveBeenCalledTimes(2);
  });

  it("filters by text and by label, and lets go of what it no longer lists", async () => {
    const { store, get, all } = mount((fresh) => {
      fresh.labels.value = ["Cat", "dog"];
      fresh.confirmedAnnotations.value = ["Cat", "dog", ""].map((label, at) =>
        annotation(`${at}`, { label }),
      );
      fresh.selectedIds.value = new Set(["0", "1"]);
    });
    await settled();
    type(get("object-search"), "cA");
    await settled();
    expect(all("object-row").map(({ dataset }) => dataset.id)).toEqual(["0"]);
    expect([...store.selectedIds.value]).toEqual(["0"]);
    expect(get("object-count").textContent).toBe("1 of 3");
    type(get("object-search"), "");
    const filter = get<HTMLSelectElement>("object-label-filter");
    filter.value = "";
    filter.dispatchEvent(new Event("change", { bubbles: true }));
    await settled();
    expect(all("object-row").map(({ dataset }) => dataset.id)).toEqual(["2"]);
    type(get("object-search"), "x");
    await settled();
    get("objects-unfilter").click();
    await settled();
    expect(all("object-row")).toHaveLength(3);
    expect(get<HTMLInputElement>("object-search").value).toBe("");
  });

  it("has only rows in view in the page", async () => {
    const { get, all } = mount((fresh) => {
      fresh.confirmedAnnotations.value = Array.from({ length: 500 }, (_, at) =>
        annotation(`o${at}`),
      );
    });
    await settled();
    expect(all("object-row").length).toBeLessThan(40);
    expect(get("object-list").getAttribute("aria-rowcount")).toBe("500");
    get("object-list").scrollTop = 30 * 250;
    get("object-list").dispatchEvent(new Event("scroll"));
    await settled();
    expect(all("object-row").map(({ dataset }) => dataset.id)).toContain("o250");
    expect(all("object-row").length).toBeLessThan(40);
  });

  it("gives the focus to the stage when the row that had it is deleted", async () => {
    const { store, get } = mount((fresh) => {
      fresh.confirmedAnnotations.value = [annotation("a")];
    });
    await settled();
    get("object-delete").focus();
    store.confirmedAnnotations.value = [];
    await settled();
    expect(document.activeElement).toBe(get("stage"));
  });
});
