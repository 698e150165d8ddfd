// Every colour that is drawn on the picture, once: canvases take them from here, and the panels as
// custom properties of the root (panels/theme.ts).

/** The mask on screen, its preview and its thumbnails. */
export const MASK_COLOR = "#1e88ff";
/** Points that are to be in the mask, and points that are not. */
export const INCLUDE_COLOR = "#12a150";
export const EXCLUDE_COLOR = "#e5243b";
/** A polygon that takes pixels away. */
export const SUBTRACT_COLOR = "#ff5a6e";
/** Labels and annotations without a colour of their own. */
export const NO_COLOR = "#808080";
/** Light lines on dark edges: either of the two shows on any photograph. */
export const LIGHT = "#ffffff";
export const SHADE = shade(0.6);

/** A dark edge: black, as opaque as `alpha` in [0, 1] says. */
export function shade(alpha: number): string {
  return `rgb(0 0 0 / ${alpha})`;
}

/** The colour of a label; undefined for one that has none, whatever it is called. */
export function colorOfLabel(
  colors: Readonly<Record<string, string>>,
  label: string,
): string | undefined {
  return Object.hasOwn(colors, label) ? colors[label] : undefined;
}

/** Black or white: the one that is the easier to read on `color`. */
export function inkOn(color: string): string {
  const [red, green, blue] = parseColor(color, 255);
  const linear = (channel: number): number => (channel / 255) ** 2.2;
  const luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  // From here on black has the higher contrast.
  return luminance > 0.18 ? "#000000" : LIGHT;
}

export type Rgba = readonly [red: number, green: number, blue: number, alpha: number];

/** Red, green and blue of "#rrggbb", or of NO_COLOR for anything else. */
export function parseColor(color: string, alpha: number): Rgba {
  const hex = /^#([0-9a-f]{6})$/iu.exec(color)?.[1] ?? NO_COLOR.slice(1);
  const value = Number.parseInt(hex, 16);
  return [Math.floor(value / 65_536), Math.floor(value / 256) % 256, value % 256, alpha];
}
