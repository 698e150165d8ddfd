import { describe, expect, it, onTestFinished } from "vitest";
import { followObjectHover } from "../../src/input/object-hover";
import { createScene } from "../support/scene";
import { boxObject } from "../support/values";

function scene() {
  const made = createScene();
  made.store.confirmedAnnotations.value = [
    boxObject("a", { x0: 0, y0: 0, x1: 80, y1: 100 }),
    boxObject("b", { x0: 60, y0: 0, x1: 180, y1: 100 }),
  ];
  onTestFinished(followObjectHover(made));
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const at = async (x: number | null) => {
    made.store.hover.value = x === null ? null : { x, y: 50 };
    await frame();
    return made.store.highlighted.value;
  };
  return { ...made, at, frame };
}

describe("the object under the pointer", () => {
  it("stands out with the tool that selects, the topmost first", async () => {
    const { store, at } = scene();
    expect(await at(10)).toBeNull();
    store.tool.value = "select";
    expect(await at(10)).toBe("a");
    expect(await at(70)).toBe("b");
    expect(await at(195)).toBeNull();
    expect(await at(70)).toBe("b");
    expect(await at(null)).toBeNull();
  });

  it("stands out in any tool while a click would select it", async () => {
    const { interaction, at } = scene();
    interaction.picking.value = true;
    expect(await at(10)).toBe("a");
    interaction.picking.value = false;
    expect(await at(11)).toBeNull();
  });

  it("is the one under the crosshair while keys lead", async () => {
    const { store, interaction, at } = scene();
    store.tool.value = "select";
    interaction.crosshair.value = { x: 170, y: 50 };
    expect(await at(10)).toBe("b");
  });

  it("leaves alone what the list has highlighted", async () => {
    const { store, at } = scene();
    store.highlighted.value = "a";
    expect(await at(195)).toBe("a");
    store.tool.value = "select";
    expect(await at(190)).toBe("a");
  });

  it("is neither a hidden one nor the one that was reopened", async () => {
    const { store, at } = scene();
    store.tool.value = "select";
    store.confirmedAnnotations.value = store.confirmedAnnotations.value.map((shown) =>
      shown.id === "b" ? { ...shown, visible: false } : shown,
    );
    expect(await at(70)).toBe("a");
    store.document.value = { ...store.document.value, reopened: "a" };
    expect(await at(71)).toBeNull();
  });
});
