// Masks for tests: drawn as rows of "." and "#", and encoded.

import fc from "fast-check";

/** The inverse of what is tested, written from the format's definition. */
export function encode(runs: readonly number[]): DataView {
  const bytes: number[] = [];
  for (const [index, run] of runs.entries()) {
    let value = index > 2 ? run - (runs[index - 2] ?? 0) : run;
    while (true) {
      const digit = value & 31;
      value >>= 5;
      const more = (digit & 16) === 0 ? value !== 0 : value !== -1;
      bytes.push(48 + digit + (more ? 32 : 0));
      if (!more) break;
    }
  }
  return new DataView(Uint8Array.from(bytes).buffer);
}

/** Rows of "." and "#". */
export function encodeRows(rows: readonly string[]) {
  const height = rows.length;
  const width = rows[0]?.length ?? 0;
  const runs: number[] = [0];
  let value = ".";
  for (let column = 0; column < width; column++) {
    for (const row of rows) {
      if (row[column] !== value) {
        value = value === "." ? "#" : ".";
        runs.push(0);
      }
      runs[runs.length - 1] = (runs.at(-1) ?? 0) + 1;
    }
  }
  return { rle: encode(runs), width, height };
}

/** Any small mask, as rows. */
export const picture = fc
  .record({ width: fc.integer({ min: 1, max: 12 }), height: fc.integer({ min: 1, max: 12 }) })
  .chain(({ width, height }) =>
    fc.array(fc.string({ unit: fc.constantFrom(".", "#"), minLength: width, maxLength: width }), {
      minLength: height,
      maxLength: height,
    }),
  );
