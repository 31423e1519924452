import { readdirSync, readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

/** Files that shut decoders do so for their whole process, and so want one of their own. */
const ALONE = readdirSync("test", { recursive: true, encoding: "utf8" })
  .map((name) => `test/${name}`)
  .filter((name) => name.endsWith(".test.ts") && readFileSync(name, "utf8").includes("prepareSharp("));

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
