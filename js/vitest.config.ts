import { defineConfig } from "vitest/config";

/** What needs no page. That it runs without one shows that it does not touch the DOM. */
const WITHOUT_A_PAGE = ["tests/architecture.test.ts", "tests/{geometry,state,wire}/**/*.test.ts"];

export default defineConfig({
  root: import.meta.dirname,
  test: {
    restoreMocks: true,
    unstubGlobals: true,
    // Tables over all that is on the page take long on a machine that is busy.
    testTimeout: 120_000,
    projects: [
      { extends: true, test: { name: "node", environment: "node", include: WITHOUT_A_PAGE } },
      {
        extends: true,
        test: {
          name: "page",
          environment: "jsdom",
          include: ["tests/**/*.test.{ts,tsx}"],
          exclude: WITHOUT_A_PAGE,
        },
      },
    ],
  },
});
