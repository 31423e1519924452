import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { newDirectory } from "../../support/directories.ts";
import { placePicture } from "../../support/spool.ts";
import { playRound } from "./wakeups.ts";

describe("a task that is committed while a real daemon ends", () => {
  it.each([
    ["stands still between its last look and its release", "stopped", ["window"]],
    ["has just ended its only task", "receipt", ["look", "window", "start"]],
  ] as const)(
    "is run, although its producer starts no daemon when one lives: one that %s",
    async (_when, moment, by) => {
      const directory = await newDirectory();
      await placePicture(join(directory, "quick.jpg"));
      await mkdir(join(directory, "out"));
      const { runBy } = await playRound(directory, { index: 0, moment, random: 0.5, usualMs: 1_000 });
      expect(by).toContain(runBy);
    },
  );
});
