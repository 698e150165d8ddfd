import { describe, expect, it } from "vitest";
import {
  commandOf,
  NOTHING_PICKED,
  type Pick,
  pick,
  rowInstead,
} from "../../../src/panels/annotations/picking";

const IDS = ["a", "b", "c", "d", "e"];
const picked = ({ selection }: Pick) => [...selection].sort().join("");
const key = (name: string, mods: { shiftKey?: boolean; mod?: boolean } = {}) => ({
  key: name,
  shiftKey: false,
  mod: false,
  ...mods,
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
