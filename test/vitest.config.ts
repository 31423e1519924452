import { accessSync, constants, readdirSync, readFileSync, statfsSync } from "node:fs";
import { defineConfig } from "vitest/config";

/** Files that shut decoders do so for their whole process, and so want one of their own. */
const ALONE = readdirSync("test", { recursive: true, encoding: "utf8" })
  .map((name) => `test/${name}`)
  .filter((name) => name.endsWith(".test.ts") && readFileSync(name, "utf8").includes("prepareSharp("));

const ROOM_BYTES = 4 * 1_024 ** 3;

/**
 * Thousands of small spools come and go: they lie in memory where there is room, which takes a third less of the
 * processor. Who sets TMPDIR runs the tests on another file system.
 */
const env: Record<string, string> =
  process.env["TMPDIR"] === undefined && hasRoom("/dev/shm") ? { TMPDIR: "/dev/shm" } : {};

function hasRoom(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize >= ROOM_BYTES;
  } catch {
    // There is no such directory here.
    return false;
  }
}

const shared = { testTimeout: 60_000, hookTimeout: 60_000, pool: "forks" as const, env };

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
