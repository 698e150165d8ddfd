import { describe, expect, it } from "vitest";
import { mount, settled } from "../support/mounted";
import { IMAGE } from "../support/scene";
import { answer } from "../support/values";

function withThree() {
  return mount((store) => {
    store.image.value = IMAGE;
    store.answer.value = answer(3, 1);
  });
}

describe("candidates", () => {
  it("shows one button per mask and nothing else under such a test id", async () => {
    const { root, store, get } = withThree();
    await settled();
    const ids = [...root.querySelectorAll<HTMLElement>('[data-testid^="candidate-"]')].map(
      (element) => element.dataset.testid,
    );
    expect(ids).toEqual(["candidate-0", "candidate-1", "candidate-2"]);
    expect(get("candidate-1").getAttribute("aria-pressed")).toBe("true");
    expect(get("candidate-1").getAttribute("aria-label")).toBe(
      "Part, mask 2 of 3: predicted IoU 0.95, stability 0.97, area 2.0k\u202fpx, 10\u202f% of the picture",
    );
    store.answer.value = answer(1, 0, 2);
    await settled();
    expect(root.querySelectorAll('[data-testid^="candidate-"]')).toHaveLength(1);
    store.answer.value = answer(0, 0, 3);
    await settled();
    expect(get("masks-placeholder").textContent).toContain("Click an object");
  });

  it("chooses another one, and not the chosen one again", async () => {
    const { actions, get } = withThree();
    await settled();
    get("candidate-1").click();
    expect(actions.choose).not.toHaveBeenCalled();
    get("candidate-2").click();
    expect(actions.choose).toHaveBeenCalledExactlyOnceWith(2);
  });

  it("announces each answer", async () => {
    const { store, get } = withThree();
    await settled();
    expect(get("announcer").textContent).toBe(
      "3 masks, best predicted IoU 0.95. Mask 2 of 3 selected, the part, predicted IoU 0.95.",
    );
    store.answer.value = answer(1, 0, 2);
    await settled();
    expect(get("announcer").textContent).toBe("1 mask, best predicted IoU 0.83.");
  });

  it("asks for three masks, one, or as many as suit", async () => {
    const { actions, get } = withThree();
    await settled();
    for (const value of ["true", "false", "null"]) {
      const select = get<HTMLSelectElement>("mask-count");
      select.value = value;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    }
    const asked = [[true], [false], [null]];
    expect(actions.setMultimask).toHaveBeenCalledTimes(asked.length);
    for (const value of asked) expect(actions.setMultimask).toHaveBeenCalledWith(...value);
  });
});
