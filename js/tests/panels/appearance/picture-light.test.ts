import { describe, expect, it } from "vitest";
import { mount, press, settled, type } from "../../support/mounted";

async function opened() {
  const page = mount();
  await settled();
  page.get("light-open").click();
  await settled();
  return page;
}

describe("brightness and contrast", () => {
  it("change how the picture looks", async () => {
    const { root, get } = await opened();
    const light = () => root.style.getPropertyValue("--sam-picture-filter");
    expect(light()).toBe("none");
    type(get<HTMLInputElement>("brightness"), "50");
    type(get<HTMLInputElement>("contrast"), "-100");
    await settled();
    expect(light()).toBe("brightness(2) contrast(0.25)");
    expect(get("light").textContent).toContain("200\u202f%");
    expect(get("light-open").getAttribute("aria-pressed")).toBe("true");
  });

  it("go back to the picture as it is", async () => {
    const { root, store, get } = await opened();
    expect(get("light-reset").getAttribute("aria-disabled")).toBe("true");
    type(get<HTMLInputElement>("brightness"), "-30");
    await settled();
    get("light-reset").click();
    await settled();
    expect([store.brightness.value, store.contrast.value]).toEqual([1, 1]);
    expect(root.style.getPropertyValue("--sam-picture-filter")).toBe("none");
    expect(get("light-open").getAttribute("aria-pressed")).toBe("false");
  });

  it("are in a window that begins with the first slider and ends with Escape", async () => {
    const { get, all } = await opened();
    expect(document.activeElement).toBe(get("brightness"));
    press(get("contrast"), "Escape");
    await settled();
    expect(all("light")).toHaveLength(0);
    expect(document.activeElement).toBe(get("light-open"));
  });

  it("stay within this view", async () => {
    const first = await opened();
    type(first.get<HTMLInputElement>("brightness"), "50");
    const second = await opened();
    expect(second.store.brightness.value).toBe(1);
  });
});
