import { describe, expect, it } from "vitest";
import { EMPTY_DOCUMENT } from "../../src/state/document";
import { mount, settled } from "../support/mounted";

describe("prompts", () => {
  it("end with what to do next, true of the present tool", async () => {
    const { store, get } = mount();
    await settled();
    expect(get("hint").textContent).toBe(
      "Click to include, right-click to exclude, drag for a box",
    );
    store.tool.value = "box";
    await settled();
    expect(get("hint").textContent).toBe("Drag a box around the object, from corner to corner");
  });

  it("lists and removes each one", async () => {
    const { actions, store, get } = mount((fresh) => {
      const points = [
        { x: 10.4, y: 20, positive: true },
        { x: 3, y: 4, positive: false },
      ];
      const box = { x0: 1, y0: 2, x1: 11, y1: 32 };
      fresh.document.value = { ...EMPTY_DOCUMENT, prompts: { points, box, has_mask: true } };
    });
    await settled();
    expect(get("prompt-point-0").textContent).toBe("10, 20");
    expect(get("prompt-point-1").dataset.kind).toBe("exclude");
    expect(get("prompt-box").textContent).toBe("10 × 30");
    get("prompt-point-1-remove").click();
    get("prompt-box-remove").click();
    get("prompt-mask-remove").click();
    expect(actions.removePoint).toHaveBeenCalledExactlyOnceWith(1);
    expect(actions.removeBox).toHaveBeenCalledOnce();
    expect(actions.removeMask).toHaveBeenCalledOnce();
    get("prompt-point-1").querySelector("button")?.click();
    expect(store.activePrompt.value).toEqual({ kind: "point", index: 1 });
  });
});
