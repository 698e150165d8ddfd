import { describe, expect, it } from "vitest";
import { mount, press, settled } from "../support/mounted";

describe("help", () => {
  it("opens, lists every shown shortcut, and closes", async () => {
    const { store, get } = mount();
    await settled();
    get("help-open").click();
    await settled();
    expect(get<HTMLDialogElement>("help").open).toBe(true);
    expect(get("help").textContent).toContain("Right-click");
    get("help-close").click();
    await settled();
    expect(get<HTMLDialogElement>("help").open).toBe(false);
    expect(store.helpOpen.value).toBe(false);
  });

  it("keeps keys to itself: Tab stays, C clears nothing, Escape and ? close", async () => {
    const { store, actions, get } = mount();
    for (const key of ["Escape", "?"]) {
      store.helpOpen.value = true;
      await settled();
      press(get("help-close"), "Tab");
      expect(document.activeElement).toBe(get("help-close"));
      press(get("help-close"), "c");
      press(get("help-close"), key);
      expect(store.helpOpen.value).toBe(false);
      await settled();
    }
    expect(actions.clear).not.toHaveBeenCalled();
  });
});
