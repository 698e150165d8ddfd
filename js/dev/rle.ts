// Pixels to COCO run-length strings: the inverse of geometry/rle.ts, which only the fake kernel needs.

/** The string of `inside`, asked for every pixel going down the columns. */
export function encodeMask(
  width: number,
  height: number,
  inside: (row: number, column: number) => boolean,
): DataView {
  const digits: number[] = [];
  const runs = runsOf(width, height, inside);
  runs.forEach((run, index) => {
    pushDigits(digits, index > 2 ? run - (runs[index - 2] ?? 0) : run);
  });
  return new DataView(Uint8Array.from(digits).buffer);
}

function runsOf(
  width: number,
  height: number,
  inside: (row: number, column: number) => boolean,
): number[] {
  const runs: number[] = [];
  let value = false;
  let length = 0;
  for (let column = 0; column < width; column++) {
    for (let row = 0; row < height; row++) {
      if (inside(row, column) !== value) {
        runs.push(length);
        value = !value;
        length = 0;
      }
      length += 1;
    }
  }
  runs.push(length);
  return runs;
}

/** Five bits at a time, least significant first; bit 5 says that more follow. */
function pushDigits(digits: number[], difference: number): void {
  let rest = difference;
  let more = true;
  while (more) {
    const digit = rest & 31;
    rest >>= 5;
    more = (digit & 16) === 0 ? rest !== 0 : rest !== -1;
    digits.push(digit + (more ? 32 : 0) + 48);
  }
}
