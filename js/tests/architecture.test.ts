// The arrows of the page: a folder may import lower ones, never a higher one or one beside it.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { describe, expect, it } from "vitest";

/** From top to bottom. Places on one line do not import each other. */
const LAYERS: readonly (readonly string[])[] = [
  ["index"],
  ["app", "host"],
  ["panels", "stage"],
  ["input"],
  ["tools"],
  ["commands"],
  ["wire"],
  ["decoder"],
  ["state"],
  ["geometry"],
];
/** The messages: everybody may import them, and they import nothing but each other. */
const MESSAGES = /^protocol(\.generated)?$/u;
/** The types of anywidget's model: who is given the model, speaks with it, or stands in for it. */
const ANYWIDGET = { packageName: "@anywidget/types", places: ["index", "wire", "host"] };
const MOST_MODULES = 16;
const MOST_LINES = 450;

/** Text by path from js/src, with "/" between folders. */
type Sources = Readonly<Record<string, string>>;
/** From which file to which; packages have their own names. */
type Arrow = readonly [from: string, to: string];

const SOURCE_ROOT = join(import.meta.dirname, "../src");

function readSources(): Sources {
  const paths = readdirSync(SOURCE_ROOT, { recursive: true, encoding: "utf8" })
    .map((path) => path.split(sep).join("/"))
    .filter((path) => /\.tsx?$/u.test(path));
  return Object.fromEntries(
    paths.map((path) => [path, readFileSync(join(SOURCE_ROOT, path), "utf8")]),
  );
}

const IMPORTS = [
  // import x from "y"; import type { x } from "y"; export { x } from "y"; export * from "y"
  /\b(?:import|export)\b[^;"'`]*?\bfrom\s*["'`]([^"'`]+)["'`]/gu,
  // import "y"
  /\bimport\s*["'`]([^"'`]+)["'`]/gu,
  // import("y"), of values and of types
  /\bimport\s*\(\s*["'`]([^"'`]+)["'`]/gu,
];

const UNREADABLE = /\bimport\s*\(\s*[^"'`\s]/u;

/** What a file imports, as it is written there. */
function importsOf(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gmu, "");
  if (UNREADABLE.test(code)) throw new Error("Only names in quotes can be followed: import(name)");
  return IMPORTS.flatMap((pattern) => [...code.matchAll(pattern)].map(([, name]) => name ?? ""));
}

function arrowsOf(sources: Sources): Arrow[] {
  return Object.entries(sources).flatMap(([from, text]) =>
    importsOf(text)
      .filter((name) => !name.endsWith(".css"))
      .map((name): Arrow => [from, name.startsWith(".") ? resolve(from, name, sources) : name]),
  );
}

function resolve(from: string, name: string, sources: Sources): string {
  const path = join(dirname(from), name).split(sep).join("/");
  const found = [path, `${path}.ts`, `${path}.tsx`].find((candidate) => candidate in sources);
  if (found === undefined) throw new Error(`${from} imports ${name}, which is not in js/src.`);
  return found;
}

/** The folder at the top, or the name of a file there. */
function placeOf(path: string): string {
  return path.split("/")[0]?.replace(/\.tsx?$/u, "") ?? "";
}

function layerOf(path: string): number {
  return LAYERS.findIndex((places) => places.includes(placeOf(path)));
}

/** What is wrong with the arrows, one sentence each, with both files. */
function wrongArrows(sources: Sources): string[] {
  return arrowsOf(sources).flatMap(([from, to]) => {
    if (!(to in sources)) return [];
    if (MESSAGES.test(placeOf(to))) return [];
    if (MESSAGES.test(placeOf(from))) return [`${from} has only messages, and imports ${to}`];
    const [fromLayer, toLayer] = [layerOf(from), layerOf(to)];
    const unknown = [from, to].find((path) => layerOf(path) < 0);
    if (unknown) return [`${unknown} is in no layer; give ${placeOf(unknown)} its place in LAYERS`];
    if (placeOf(from) === placeOf(to) || fromLayer < toLayer) return [];
    return [`${from} imports ${to}, which is ${fromLayer === toLayer ? "beside" : "above"} it`];
  });
}

/** Import circles, each as the files it runs through. */
function circles(sources: Sources): string[] {
  const next = new Map<string, string[]>();
  for (const [from, to] of arrowsOf(sources)) {
    if (to in sources) next.set(from, [...(next.get(from) ?? []), to]);
  }
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) found.push([...way.slice(way.indexOf(path)), path].join(" -> "));
    if (way.includes(path) || done.has(path)) return;
    for (const target of next.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of Object.keys(sources)) visit(path, []);
  return found;
}

describe("the page's modules", () => {
  const sources = readSources();

  it("are all read", () => {
    expect(Object.keys(sources).length).toBeGreaterThan(50);
    expect(arrowsOf(sources)).toContainEqual(["index.ts", "app.tsx"]);
  });

  it("import what is below them only", () => {
    expect(wrongArrows(sources)).toEqual([]);
  });

  it("form no circle", () => {
    expect(circles(sources)).toEqual([]);
  });

  it("leave anywidget's model to the wire", () => {
    const users = arrowsOf(sources).filter(([, to]) => to === ANYWIDGET.packageName);
    const strangers = users.filter(([from]) => !ANYWIDGET.places.includes(placeOf(from)));
    expect(strangers).toEqual([]);
  });

  it("are few to a folder, and short", () => {
    const paths = Object.keys(sources);
    const modules = (folder: string) => paths.filter((path) => dirname(path) === folder).length;
    const crowded = paths.map(dirname).filter((folder) => modules(folder) > MOST_MODULES);
    expect([...new Set(crowded)]).toEqual([]);
    const long = Object.entries(sources).filter(([, text]) => text.split("\n").length > MOST_LINES);
    expect(long.map(([path]) => path)).toEqual([]);
  });
});

describe("a page with wrong arrows", () => {
  it.each([
    ["upwards", 'import { a } from "../panels/a";', "above"],
    ["upwards for a type", 'import type { A } from "../panels/a";', "above"],
    ["upwards when it is needed", 'const a = await import("../panels/a");', "above"],
    ["upwards within a type", 'type A = import("../panels/a").A;', "above"],
    ["upwards to hand it on", 'export { a } from "../panels/a";', "above"],
    ["upwards for all there is", 'export * from "../panels/a";', "above"],
    ["upwards over several lines", 'import {\n  a,\n} from "../panels/a";', "above"],
    ["upwards for what it does", 'import "../panels/a";', "above"],
  ])("is told so: %s", (_, text, where) => {
    const sources = { "tools/pan.ts": text, "panels/a.tsx": "" };
    expect(wrongArrows(sources)).toEqual([
      `tools/pan.ts imports panels/a.tsx, which is ${where} it`,
    ]);
  });

  it("is told so: sideways", () => {
    const sources = { "stage/stage.ts": 'import "../panels/help";', "panels/help.tsx": "" };
    expect(wrongArrows(sources)).toEqual([
      "stage/stage.ts imports panels/help.tsx, which is beside it",
    ]);
  });

  it("is told so: messages that import, and a folder without a place", () => {
    expect(
      wrongArrows({
        "protocol.ts": 'import { a } from "./state/a";',
        "state/a.ts": 'import "../extras/b";',
        "extras/b.ts": "",
      }),
    ).toEqual([
      "protocol.ts has only messages, and imports state/a.ts",
      "extras/b.ts is in no layer; give extras its place in LAYERS",
    ]);
  });

  it("is told so: a circle within a folder", () => {
    const sources = {
      "state/a.ts": 'import type { B } from "./b";',
      "state/b.ts": 'import { c } from "./c";',
      "state/c.ts": 'export { a } from "./a";',
    };
    expect(circles(sources)).toEqual(["state/a.ts -> state/b.ts -> state/c.ts -> state/a.ts"]);
  });

  it("is told so: a name that is made up while it runs", () => {
    expect(() => wrongArrows({ "state/a.ts": "void import(name);" })).toThrow("in quotes");
  });

  it("is not told so for what is below, for messages and for words in comments", () => {
    const sources = {
      "app.tsx": 'import { help } from "./panels/help";\nimport type { A } from "./protocol";',
      "panels/help.tsx": '// Do not import "../app".\nimport { a } from "../state/a";',
      "state/a.ts": "/* export * from '../app'; */",
      "protocol.ts": "export interface A {}",
    };
    expect(wrongArrows(sources)).toEqual([]);
    expect(circles(sources)).toEqual([]);
  });
});
