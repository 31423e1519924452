import { defineConfig } from "vitest/config";

/** What changes a whole process, namely which decoders are open, and so wants one of its own. */
const ALONE = ["test/image/**/*.test.ts", "test/worker/**/*.test.ts", "test/torture/pictures/*.test.ts"];

const shared = { testTimeout: 60_000, hookTimeout: 60_000, pool: "forks" as const };

export default defineConfig({
  test: {
    // One more than cores here: a test that waits for a process leaves a core idle.
    maxWorkers: 3,
    projects: [
      // A fresh process for each file would load sharp and the schema 170 times.
      { test: { ...shared, name: "all", include: ["test/**/*.test.ts"], exclude: ALONE, isolate: false } },
      { test: { ...shared, name: "alone", include: ALONE } },
    ],
  },
});
