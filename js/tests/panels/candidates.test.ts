import { describe, expect, it } from "vitest";
import { peekedMask } from "../../src/state/selectors";
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

  it("shows on the stage the one that is pointed at or focused, and asks for nothing", async () => {
    const { store, actions, get } = withThree();
    await settled();
    const shown = () => [peekedMask(store)?.rle ?? null, get("overlay").style.opacity];
    const [first, , third] = store.answer.value.candidates;
    expect(shown()).toEqual([null, "0.5"]);
    get("candidate-0").dispatchEvent(new MouseEvent("mouseenter"));
    // The overlay keeps the chosen mask, unseen.
    expect(shown()).toEqual([first?.rle, "0"]);
    get("candidate-0").dispatchEvent(new MouseEvent("mouseleave"));
    expect(shown()).toEqual([null, "0.5"]);
    get("candidate-2").focus();
    expect(shown()).toEqual([third?.rle, "0"]);
    get("candidate-1").focus();
    expect(shown()).toEqual([null, "0.5"]);
    get("candidate-0").focus();
    // Another one is chosen by key: that is what one wants to see now.
    store.answer.value = answer(3, 2, 2);
    expect(shown()).toEqual([null, "0.5"]);
    get("candidate-0").blur();
    expect(actions.choose).not.toHaveBeenCalled();
  });

  it("says how sure the model is by a bar, and in figures for who asks", async () => {
    const { root, get, all } = withThree();
    await settled();
    const bars = [...root.querySelectorAll<HTMLElement>(".sam-confidence > span")];
    expect(bars.map(({ style }) => style.width)).toEqual(["83%", "95%", "88%"]);
    expect(get("candidate-1").title).toContain("Predicted IoU 0.95");
    expect(get("candidate-1").textContent).toBe("2Part");
    get("figures-toggle").click();
    await settled();
    expect(get("figures-toggle").getAttribute("aria-pressed")).toBe("true");
    expect(all("figures-1")[0]?.textContent).toBe("IoU 0.95stable 0.9710\u202f%");
  });

  it("says of a mask that was drawn by hand that it is one", async () => {
    const { store, get, all } = mount((fresh) => {
      fresh.image.value = IMAGE;
      const drawn = answer(1);
      fresh.answer.value = {
        ...drawn,
        candidates: drawn.candidates.map((one) => ({ ...one, score: null, stability: null })),
      };
    });
    await settled();
    expect(get("candidate-0").textContent).toBe("1Maskdrawn by hand");
    expect(all("figures-0")).toHaveLength(0);
    expect(store.figures.value).toBe(false);
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
