import { afterEach, describe, expect, it } from "vitest";
import { STEPS } from "../../../src/commands/keys/escape";
import { keyboardScene } from "../../support/input";
import { annotation } from "../../support/values";

afterEach(() => {
  document.body.replaceChildren();
});

type Scene = ReturnType<typeof keyboardScene>;

/** With a Python that clears at once. */
function scene(): Scene {
  const made = keyboardScene();
  const { store, actions } = made;
  const { clear } = actions;
  Object.assign(actions, {
    clear: () => {
      clear();
      store.document.value = { ...store.document.value, reopened: null };
    },
  });
  return made;
}

/** How each thing begins that Escape can cancel, and whether it is there. */
const BEGUN: Record<string, { begin: (scene: Scene) => void; isThere: (scene: Scene) => boolean }> =
  {
    help: {
      begin: ({ store }) => {
        store.helpOpen.value = true;
      },
      isThere: ({ store }) => store.helpOpen.value,
    },
    "export menu": {
      begin: ({ store }) => {
        store.exporting.menuOpen.value = true;
      },
      isThere: ({ store }) => store.exporting.menuOpen.value,
    },
    "export result": {
      begin: ({ store }) => {
        store.exporting.result.value = { kind: "failed", text: "No space left.", hint: "" };
      },
      isThere: ({ store }) => store.exporting.result.value !== null,
    },
    polygon: {
      begin: ({ interaction }) => {
        interaction.polygon.value = [1, 2, 3, 4];
      },
      isThere: ({ interaction }) => interaction.polygon.value.length > 0,
    },
    "box corner": {
      begin: ({ interaction }) => {
        interaction.anchor.value = { x: 1, y: 2 };
      },
      isThere: ({ interaction }) => interaction.anchor.value !== null,
    },
    crosshair: {
      begin: ({ interaction }) => {
        interaction.crosshair.value = { x: 3, y: 4 };
      },
      isThere: ({ interaction }) => interaction.crosshair.value !== null,
    },
    prompt: {
      begin: ({ store }) => {
        store.activePrompt.value = { kind: "box" };
      },
      isThere: ({ store }) => store.activePrompt.value !== null,
    },
    "found masks": {
      begin: ({ store }) => {
        store.everything.open.value = true;
        store.everything.selected.value = new Set([1, 2]);
      },
      isThere: ({ store }) => store.everything.selected.value.size > 0,
    },
    region: {
      begin: ({ store }) => {
        store.everything.open.value = true;
        store.everything.region.value = { x0: 0, y0: 0, x1: 9, y1: 9 };
      },
      isThere: ({ store }) => store.everything.region.value !== null,
    },
    objects: {
      begin: ({ store }) => {
        store.confirmedAnnotations.value = [annotation("a")];
        store.selectedIds.value = new Set(["a"]);
      },
      isThere: ({ store }) => store.selectedIds.value.size > 0,
    },
    reopened: {
      begin: ({ store }) => {
        store.document.value = { ...store.document.value, reopened: "a" };
      },
      isThere: ({ store }) => store.document.value.reopened !== null,
    },
    everything: {
      begin: ({ store }) => {
        store.everything.open.value = true;
      },
      isThere: ({ store }) => store.everything.open.value,
    },
    "full window": {
      begin: ({ store }) => {
        store.layout.fullWindow.value = true;
      },
      isThere: ({ store }) => store.layout.fullWindow.value,
    },
  };

const NAMES = STEPS.map(({ name }) => name);
const thing = (name: string) => {
  const found = BEGUN[name];
  if (!found) throw new Error(`Say here how ${name} begins.`);
  return found;
};
/** What is chosen in everything mode begins it, too: it cannot begin after that. */
const IN_EVERYTHING = ["found masks", "region"];
const PAIRS = NAMES.flatMap((first) => NAMES.map((next) => [first, next] as const)).filter(
  ([first, next]) => first !== next && !(next === "everything" && IN_EVERYTHING.includes(first)),
);

describe("Escape", () => {
  it.each(NAMES)("cancels %s, and stays in the widget", (name) => {
    const now = scene();
    const { begin, isThere } = thing(name);
    begin(now);
    expect(isThere(now)).toBe(true);
    now.press("Escape");
    expect(isThere(now)).toBe(false);
    expect(document.activeElement).toBe(now.stage);
  });

  it.each(PAIRS)("with %s and then %s, cancels the later one first", (first, next) => {
    const now = scene();
    thing(first).begin(now);
    thing(next).begin(now);
    now.press("Escape");
    expect(thing(next).isThere(now)).toBe(false);
    expect(thing(first).isThere(now)).toBe(true);
    now.press("Escape");
    // Everything mode, which a choice in it has opened, is between the two.
    if (IN_EVERYTHING.includes(next) && thing(first).isThere(now)) now.press("Escape");
    expect(thing(first).isThere(now)).toBe(false);
    expect(document.activeElement).toBe(now.stage);
  });

  it.each(NAMES)("cancels a drag before %s", (name) => {
    const now = scene();
    thing(name).begin(now);
    let dragging = true;
    now.interaction.cancelDrag = () => {
      const was = dragging;
      dragging = false;
      return was;
    };
    now.press("Escape");
    expect(dragging).toBe(false);
    expect(thing(name).isThere(now)).toBe(true);
    now.press("Escape");
    expect(thing(name).isThere(now)).toBe(false);
  });

  it.each(NAMES)("leaves a field before it cancels %s", (name) => {
    const now = scene();
    thing(name).begin(now);
    const field = now.add("input", { type: "text" });
    now.press("Escape", {}, field);
    expect(document.activeElement).toBe(now.stage);
    expect(thing(name).isThere(now)).toBe(true);
  });

  it("takes a choice that is made anew for the latest", () => {
    const now = scene();
    thing("found masks").begin(now);
    thing("objects").begin(now);
    now.store.everything.selected.value = new Set([3]);
    now.press("Escape");
    expect(now.store.everything.selected.value.size).toBe(0);
    expect(now.store.selectedIds.value.size).toBe(1);
  });

  it("asks once to give a reopened object up, however late Python answers", () => {
    const now = keyboardScene();
    thing("reopened").begin(now);
    now.press("Escape");
    now.store.pending.value = [{ type: "clear" }];
    now.press("Escape");
    expect(now.gestures()).toEqual([["clear"]]);
    expect(document.activeElement).toBe(now.cell);
  });

  it("leaves the widget when nothing is left", () => {
    const { press, cell } = keyboardScene();
    press("Escape");
    expect(document.activeElement).toBe(cell);
  });
});
