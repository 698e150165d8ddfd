// Which rows of a long list are in the page, and where it scrolls to; pure.

/** CSS pixels; every row is as high, so that those in view follow from arithmetic. */
export const ROW_HEIGHT = 30;
/** Rows kept ready above and below those in view. */
const SPARE_ROWS = 4;

/** First and one past the last row to have in the page. */
export function rowsInView(
  scrollTop: number,
  height: number,
  count: number,
): { start: number; end: number } {
  const start = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - SPARE_ROWS);
  const end = Math.min(count, Math.ceil((scrollTop + height) / ROW_HEIGHT) + SPARE_ROWS);
  return { start: Math.min(start, end), end };
}

/** Where to scroll for a row to be in view, as little as possible. */
export function scrolledTo(index: number, scrollTop: number, height: number): number {
  const top = index * ROW_HEIGHT;
  return Math.min(top, Math.max(scrollTop, top + ROW_HEIGHT - height));
}
