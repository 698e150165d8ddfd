import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  commandOf,
  NOTHING_PICKED,
  type Pick,
  pick,
  rowInstead,
} from "../../../src/panels/objects/picking";
import { ROW_HEIGHT, rowsInView, scrolledTo } from "../../../src/panels/objects/rows-in-view";
import { countByLabel, matching } from "../../../src/state/objects";
import { object } from "../../support/mounted";

const IDS = ["a", "b", "c", "d", "e"];
const picked = ({ selection }: Pick) => [...selection].sort().join("");
const key = (name: string, mods: { shiftKey?: boolean; mod?: boolean } = {}) => ({
  key: name,
  shiftKey: false,
  mod: false,
  ...mods,
});

describe("filters", () => {
  const objects = ["Cup", "cupboard", "spoon", ""].map((label, at) => object(`${at}`, { label }));

  it.each([
    ["", null, "0123"],
    [" CUP ", null, "01"],
    ["", "Cup", "0"],
    ["", "", "3"],
    ["spo", "Cup", ""],
  ])("text %j of label %j", (text, label, expected) => {
    const found = matching(objects, { text, label });
    expect(found.map(({ id }) => id).join("")).toBe(expected);
  });

  it("counts by label", () => {
    const counts = countByLabel([...objects, object("x", { label: "" })]);
    expect([...counts]).toEqual([
      ["Cup", 1],
      ["cupboard", 1],
      ["spoon", 1],
      ["", 2],
    ]);
  });
});

describe("selections", () => {
  it("are one, toggled, or a range from the last one picked, either way", () => {
    let now = pick(NOTHING_PICKED, IDS, "d", {});
    now = pick(now, IDS, "b", { range: true });
    expect(picked(now)).toBe("bcd");
    // The anchor stays.
    now = pick(now, IDS, "e", { range: true });
    expect(picked(now)).toBe("de");
    now = pick(now, IDS, "a", { toggle: true });
    now = pick(now, IDS, "d", { toggle: true });
    expect(picked(now)).toBe("ae");
    now = pick(now, IDS, "c", { range: true, toggle: true });
    expect(picked(now)).toBe("acde");
  });

  it("start a range at the row itself when the anchor is gone", () => {
    const before = pick(NOTHING_PICKED, IDS, "a", {});
    expect(picked(pick(before, ["b", "c"], "c", { range: true }))).toBe("c");
  });

  it("follow the keys", () => {
    let now = NOTHING_PICKED;
    const run = (name: string, mods = {}) => {
      const command = commandOf(key(name, mods), now, IDS);
      if (command?.do === "pick") now = command.pick;
      return command?.do ?? null;
    };
    run("ArrowDown");
    run("ArrowDown");
    run("ArrowDown", { shiftKey: true });
    expect(picked(now)).toBe("bc");
    run("ArrowDown", { mod: true });
    expect([picked(now), now.active]).toEqual(["bc", "d"]);
    run(" ");
    expect(picked(now)).toBe("bcd");
    run("End");
    run("ArrowDown");
    expect(picked(now)).toBe("e");
    run("Home", { shiftKey: true });
    expect(picked(now)).toBe("abcde");
    expect(run("F2")).toBe("rename");
    expect(run("Delete")).toBe("delete");
    expect(run("x")).toBeNull();
    expect(run("Enter", { mod: true })).toBeNull();
  });

  it("go on below what was deleted, or above it at the end", () => {
    expect(rowInstead(IDS, "b", new Set(["b", "c"]))).toBe("d");
    expect(rowInstead(IDS, "e", new Set(["d", "e"]))).toBe("c");
    expect(rowInstead(IDS, "a", new Set(IDS))).toBeNull();
  });
});

describe("the window", () => {
  it("holds every row in view, and few others", () => {
    fc.assert(
      fc.property(
        fc.nat(2000),
        fc.nat(70_000),
        fc.integer({ min: 1, max: 900 }),
        (count, top, height) => {
          const { start, end } = rowsInView(top, height, count);
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeLessThanOrEqual(count);
          expect(end - start).toBeLessThanOrEqual(height / ROW_HEIGHT + 10);
          for (let row = 0; row < count; row++) {
            const inView = (row + 1) * ROW_HEIGHT > top && row * ROW_HEIGHT < top + height;
            if (inView) expect(row >= start && row < end).toBe(true);
          }
        },
      ),
    );
  });

  it("scrolls as little as it takes to show a row", () => {
    expect(scrolledTo(3, 0, 300)).toBe(0);
    expect(scrolledTo(10, 0, 300)).toBe(30);
    expect(scrolledTo(2, 150, 300)).toBe(60);
  });
});
