// Bundles js/src into sam_widget/static (git ignores it; the wheel carries it).
//   node js/build.mjs           widget.js and widget.css, minified
//   node js/build.mjs --watch   the same, again after every change
//   node js/build.mjs --serve   the dev page on http://127.0.0.1:8123, no Python and no notebook
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const watching = process.argv.includes("--watch");
const serving = process.argv.includes("--serve");

/** @type {import("esbuild").BuildOptions} */
const shared = {
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  // Tests and the notebook read words, not escapes, in stack traces and labels.
  charset: "utf8",
  legalComments: "none",
  logLevel: "info",
};

/** @type {import("esbuild").BuildOptions} */
const widget = {
  ...shared,
  entryPoints: { widget: `${here}src/index.ts` },
  outdir: `${here}../sam_widget/static`,
  minify: true,
};

/** @type {import("esbuild").BuildOptions} */
const devPage = {
  ...shared,
  entryPoints: { main: `${here}dev/main.ts` },
  outdir: `${here}dev`,
  write: false,
  sourcemap: "inline",
};

if (serving) {
  const context = await esbuild.context(devPage);
  const port = Number(process.env.PORT ?? 8123);
  await context.serve({ host: "127.0.0.1", port, servedir: `${here}dev` });
} else if (watching) {
  const context = await esbuild.context(widget);
  await context.watch();
} else {
  await esbuild.build(widget);
}
