// What is known of the keyboard's row of digits: keys beyond letters and signs that are named by what
// they type. Masks are chosen by digits, labels by what else the same keys type: on most keyboards
// with Shift, on some (French ones) without. All views share what is known: there is one keyboard.

import { signal } from "@preact/signals-core";

interface DigitRow {
  /** null as long as nothing is known. */
  readonly digitsNeedShift: boolean | null;
  /** What else the key of a digit types, by that digit; as far as it is known. */
  readonly others: ReadonlyMap<string, string>;
}

const UNKNOWN: DigitRow = { digitsNeedShift: null, others: new Map() };

const row = signal<DigitRow>(UNKNOWN);

export function digitRow(): DigitRow {
  return row.value;
}

/** Learns from what a keyboard types without Shift, by the places of its keys, if a browser tells. */
export function learnLayout(layout: ReadonlyMap<string, string>): void {
  for (let digit = 1; digit <= 9; digit++) {
    const key = layout.get(`Digit${digit}`);
    if (key) learn({ digit: String(digit), key, shifted: false });
  }
}

/** Learns from a press of one of those keys, whatever it did. */
export function learnPress(press: Pick<KeyboardEvent, "code" | "key" | "shiftKey">): void {
  const digit = /^Digit([1-9])$/u.exec(press.code)?.[1];
  const types = press.key.length === 1 || press.key === "Dead";
  if (digit && types) learn({ digit, key: press.key, shifted: press.shiftKey });
}

/** For tests: another keyboard. */
export function forgetKeyboard(): void {
  row.value = UNKNOWN;
}

function learn({ digit, key, shifted }: { digit: string; key: string; shifted: boolean }): void {
  const { others, digitsNeedShift } = row.peek();
  const isDigit = key === digit;
  const needShift = isDigit === shifted;
  const known = isDigit || others.get(digit) === key;
  if (known && digitsNeedShift === needShift) return;
  // Another rule is another keyboard: what the last one typed is not what this one does.
  const kept = digitsNeedShift === needShift ? others : [];
  row.value = {
    digitsNeedShift: needShift,
    others: isDigit ? new Map(kept) : new Map([...kept, [digit, key]]),
  };
}
