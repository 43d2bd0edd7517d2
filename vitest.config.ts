import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["@athanor/source"] },
  ssr: { resolve: { conditions: ["@athanor/source"], externalConditions: ["@athanor/source"] } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/*/test/**/*.test.ts"],
    pool: "forks",
    isolate: false,
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
