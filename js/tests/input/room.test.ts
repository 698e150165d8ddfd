import { beforeEach, describe, expect, it } from "vitest";
import { followRoom } from "../../src/input/room";
import { createLayout } from "../../src/state/layout";
import { stubBrowser } from "../support/browser";

/** An element that scrolls, and says of its height what `height` says. */
function scrolling(height: () => number): HTMLElement {
  const element = document.createElement("div");
  element.style.overflowY = "auto";
  Object.defineProperty(element, "clientHeight", { get: height });
  return element;
}

/** A widget in an output of a notebook's panel, as JupyterLab nests them. */
function widgetIn(panelHeight: number) {
  const root = document.createElement("div");
  const panel = scrolling(() => panelHeight);
  // As high as what is in it, although it may scroll.
  const output = scrolling(() => Number.parseFloat(root.style.minHeight || "500"));
  output.append(root);
  panel.append(output);
  document.body.replaceChildren(panel);
  return root;
}

describe("the room for the widget", () => {
  beforeEach(stubBrowser);

  it("is that of the ancestor that keeps its height", () => {
    const layout = createLayout();
    const root = widgetIn(608);
    followRoom(root, layout, new AbortController().signal);
    expect(layout.room.value).toBe(600);
    expect(root.style.getPropertyValue("--sam-room")).toBe("600px");
    expect(root.style.minHeight).toBe("");
  });

  it("is the window where nothing else scrolls, and when the widget fills it", () => {
    const layout = createLayout();
    const root = document.createElement("div");
    document.body.replaceChildren(root);
    followRoom(root, layout, new AbortController().signal);
    expect(layout.room.value).toBe(globalThis.innerHeight - 8);
    layout.fullWindow.value = true;
    expect(layout.room.value).toBe(globalThis.innerHeight);
  });

  it("opens the strip where it is large, until the person has chosen", () => {
    const { room, stripOpen, stripChoice } = createLayout();
    room.value = 600;
    expect(stripOpen.value).toBe(false);
    room.value = 800;
    expect(stripOpen.value).toBe(true);
    stripChoice.value = false;
    expect(stripOpen.value).toBe(false);
  });
});
