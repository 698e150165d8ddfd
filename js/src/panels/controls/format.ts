// Numbers as people read them, pure. A narrow no-break space goes between number and unit.

const UNIT_SPACE = "\u202f";

/** 987 px, 12.3k px, 1.24M px. */
export function formatArea(pixels: number): string {
  return `${shorten(pixels)}${UNIT_SPACE}px`;
}

function shorten(count: number): string {
  if (count < 1000) return String(Math.round(count));
  const [unit, letter] = count < 999_500 ? [1e3, "k"] : [1e6, "M"];
  const value = count / Number(unit);
  return `${value.toFixed(value < 99.95 ? 1 : 0)}${letter}`;
}

/** Share of a whole in per cent: "<0.1 %", "3.1 %", "42 %". */
export function formatShare(part: number, whole: number): string {
  const percent = whole > 0 ? (100 * part) / whole : 0;
  if (percent > 0 && percent < 0.1) return `<0.1${UNIT_SPACE}%`;
  return `${percent.toFixed(percent < 9.95 ? 1 : 0)}${UNIT_SPACE}%`;
}

/** Predicted IoU and stability are fractions shown with two decimals; a dash where there is none. */
export function formatScore(score: number | null): string {
  return score === null ? "–" : score.toFixed(2);
}

export function formatDuration(milliseconds: number): string {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)}${UNIT_SPACE}ms`;
  if (milliseconds < 1000) return `${Math.round(milliseconds)}${UNIT_SPACE}ms`;
  return `${(milliseconds / 1000).toFixed(1)}${UNIT_SPACE}s`;
}

/** "1 mask", "3 masks". */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The smallest sizes in pixels, of `count` in all: "12, 40, 310 px", "1, 1, 2, ... px". */
export function formatSizes(sizes: readonly number[], count: number): string {
  const shown = sizes.slice(0, MOST_SIZES).map(shorten);
  const more = count > shown.length ? ", …" : "";
  return `${shown.join(", ")}${more}${UNIT_SPACE}px`;
}

const MOST_SIZES = 4;
