// Light or dark? Hosts say it in different ways; the root carries the answer as data-theme.

import { EXCLUDE_COLOR, INCLUDE_COLOR } from "../state/colors";

export type Theme = "light" | "dark";

/** Keep `root`'s data-theme in step with the page around it until `signal` aborts. */
export function followTheme(root: HTMLElement, signal: AbortSignal): void {
  const apply = () => {
    root.dataset.theme = themeAround(root);
  };
  const observer = new MutationObserver(apply);
  const attributeFilter = ["class", "style", "data-theme", "data-jp-theme-light", "theme"];
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, { attributes: true, attributeFilter });
  }
  const media = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
  media?.addEventListener("change", apply, { signal });
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  apply();
}

/** Give the panels the colours of the picture's marks, as custom properties. */
export function showColors(root: HTMLElement): void {
  root.style.setProperty("--sam-include", INCLUDE_COLOR);
  root.style.setProperty("--sam-exclude", EXCLUDE_COLOR);
}

/** What the host declares, else the background that shows through, else the system's wish. */
export function themeAround(root: HTMLElement): Theme {
  const { body } = document;
  const declared = body.dataset.jpThemeLight;
  if (declared !== undefined) return declared === "true" ? "light" : "dark";
  if (body.classList.contains("vscode-light")) return "light";
  if (body.classList.contains("vscode-dark")) return "dark";
  const luminance = luminanceBehind(root);
  if (luminance !== null) return luminance < 0.5 ? "dark" : "light";
  return globalThis.matchMedia?.("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Luminance in 0..1 of the nearest opaque background behind `root`; null if there is none. */
function luminanceBehind(root: HTMLElement): number | null {
  let element = parentAcrossShadow(root);
  while (element) {
    const [red, green, blue, alpha] = rgba(getComputedStyle(element).backgroundColor);
    if (alpha > 0.5) return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
    element = parentAcrossShadow(element);
  }
  return null;
}

/** Red, green and blue in 0..255, alpha in 0..1; transparent if the colour cannot be told. */
function rgba(color: string): [number, number, number, number] {
  if (color.startsWith("rgb")) {
    const [red = 0, green = 0, blue = 0, alpha = 1] = (color.match(/[\d.]+/gu) ?? []).map(Number);
    return [red, green, blue, alpha];
  }
  // oklch(), color() and what is yet to come: a canvas knows them all.
  const context = document.createElement("canvas").getContext("2d");
  if (!(context && color)) return [0, 0, 0, 0];
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0, alpha = 0] = context.getImageData(0, 0, 1, 1).data;
  return [red, green, blue, alpha / 255];
}

function parentAcrossShadow(element: Element): Element | null {
  if (element.parentElement) return element.parentElement;
  const top = element.getRootNode();
  return top instanceof ShadowRoot ? top.host : null;
}
