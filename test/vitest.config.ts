import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    // One per core: the default leaves one core idle, and on two cores that is half of them.
    maxWorkers: 3,
    isolate: false,
  },
});
