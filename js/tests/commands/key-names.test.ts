// The help and the badges promise what this keyboard does, and nothing that is not known.

import { beforeEach, describe, expect, it } from "vitest";
import { digitKey, keysOf, labelKey } from "../../src/commands/key-names";
import { forgetKeyboard, learnLayout, learnPress } from "../../src/commands/keys/digits";
import { shortcutFor } from "../../src/input/key-press";
import { mount, settled } from "../support/mounted";
import { answer } from "../support/values";

beforeEach(forgetKeyboard);

/** What the row of digits types without Shift and with it, as far as a browser can tell. */
const ROWS: Readonly<Record<string, readonly [without: string, shifted: string]>> = {
  US: ["123456789", "!@#$%^&*("],
  UK: ["123456789", '!"£$%^&*('],
  German: ["123456789", '!"§$%&/()'],
  "French AZERTY": ["&é\"'(-è_ç", "123456789"],
  BÉPO: ['"«»()@+-/', "123456789"],
  Spanish: ["123456789", '!"·$%&/()'],
  Swedish: ["123456789", '!"#¤%&/()'],
  Russian: ["123456789", '!"№;%:?*('],
  Japanese: ["123456789", "!\"#$%&'()"],
  "Czech, in part": ["+ěščřž", "123456"],
  Swiss: ["123456789", '+"*ç%&/()'],
};

function layoutOf(name: string): Map<string, string> {
  const [without = ""] = ROWS[name] ?? [];
  return new Map([...without].map((key, at) => [`Digit${at + 1}`, key]));
}

/** What choosing the label at a place means on that keyboard, pressed as the badge says. */
function pressedAs(name: string, index: number, badge: string): string | undefined {
  const [without = "", shifted = ""] = ROWS[name] ?? [];
  const shiftKey = badge.startsWith("Shift+");
  const key = (shiftKey ? shifted : without)[index] ?? "";
  if (!shiftKey && badge !== key) return "another sign";
  const none = { ctrlKey: false, metaKey: false, altKey: false };
  return shortcutFor({ ...none, code: `Digit${index + 1}`, key, shiftKey }, false)?.id;
}

const PLACES = [0, 1, 2, 3, 4, 5, 6, 7, 8];

describe("the keys of labels", () => {
  it("are not promised as long as nothing is known of the keyboard", () => {
    expect(PLACES.map(labelKey)).toEqual(PLACES.map(() => ""));
    expect(keysOf("label-1")).toBe("Shift+1 … 9, or without Shift if 1 needs it");
  });

  it.each(Object.keys(ROWS))("are those of a %s keyboard, learned from its keys", (name) => {
    const [without = "", shifted = ""] = ROWS[name] ?? [];
    for (const at of PLACES) {
      const code = `Digit${at + 1}`;
      learnPress({ code, key: without[at] ?? "", shiftKey: false });
      learnPress({ code, key: shifted[at] ?? "", shiftKey: true });
    }
    const badges = PLACES.map(labelKey);
    expect(badges.filter((badge) => badge !== "").length).toBeGreaterThanOrEqual(5);
    for (const [index, badge] of badges.entries()) {
      if (badge !== "") expect(pressedAs(name, index, badge)).toBe(`label-${index + 1}`);
    }
  });

  it.each(["US", "UK", "German", "French AZERTY", "BÉPO", "Spanish", "Swedish"])(
    "are those of a %s keyboard, as the browser tells",
    (name) => {
      learnLayout(layoutOf(name));
      for (const [index, badge] of PLACES.map(labelKey).entries()) {
        if (badge !== "") expect(pressedAs(name, index, badge)).toBe(`label-${index + 1}`);
      }
    },
  );

  it("are those of the keyboard that is typed on, whatever the browser has told", () => {
    learnLayout(layoutOf("US"));
    expect(labelKey(1)).toBe("Shift+2");
    expect(keysOf("choose-1")).toBe("1 2 3");
    learnPress({ code: "Digit2", key: "é", shiftKey: false });
    expect(labelKey(1)).toBe("é");
    expect(labelKey(2)).toBe("");
    expect(keysOf("choose-1")).toBe("Shift+1 Shift+2 Shift+3");
    expect(digitKey(1)).toBe("⇧1");
    learnPress({ code: "Digit1", key: "1", shiftKey: false });
    expect(labelKey(1)).toBe("Shift+2");
    expect(digitKey(1)).toBe("1");
  });

  it("are on the labels, and change when another is known", async () => {
    const { root, all, store } = mount((fresh) => {
      fresh.labels.value = ["cat", "dog"];
      fresh.answer.value = answer(3, 1);
    });
    const badges = () =>
      [...root.querySelectorAll(".sam-labels kbd")].map((one) => one.textContent);
    await settled();
    expect(badges()).toEqual([]);
    const type = (key: string, code: string, shiftKey: boolean) =>
      root.dispatchEvent(
        new KeyboardEvent("keydown", { key, code, shiftKey, bubbles: true, cancelable: true }),
      );
    type("@", "Digit2", true);
    await settled();
    expect(store.label.value).toBe("dog");
    expect(badges()).toEqual(["⇧1", "⇧2"]);
    expect(all("label-chip")[1]?.getAttribute("aria-keyshortcuts")).toBe("Shift+2");
    type("&", "Digit1", false);
    await settled();
    expect(store.label.value).toBe("cat");
    expect(badges()).toEqual(["&"]);
    expect(root.querySelector(".sam-candidate kbd")?.textContent).toBe("⇧1");
  });
});
