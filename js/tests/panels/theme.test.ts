import { describe, expect, it } from "vitest";
import { themeAround } from "../../src/panels/theme";

describe("the theme", () => {
  it("is what the host declares, else what shows through", () => {
    const root = document.createElement("div");
    document.body.replaceChildren(root);
    document.body.style.backgroundColor = "rgb(20, 20, 20)";
    expect(themeAround(root)).toBe("dark");
    document.body.style.backgroundColor = "rgb(250, 250, 250)";
    expect(themeAround(root)).toBe("light");
    document.body.dataset.jpThemeLight = "false";
    expect(themeAround(root)).toBe("dark");
    delete document.body.dataset.jpThemeLight;
    document.body.style.backgroundColor = "";
  });
});
