import { expect, it } from "vitest";
import { newDirectory } from "../../support/directories.ts";
import { tortureAddLock } from "./addlock.ts";

it("a producer killed while it holds the add lock delays others by 2 s at most, and no task or number is lost", async () => {
  const [directory, say, keep] = [await newDirectory(), () => undefined, (name: string) => Promise.resolve(name)];
  const { faults, counts } = await tortureAddLock(
    { directory, seed: 3, rounds: 12, say, keep },
    { producers: 4, deaths: 1 },
  );
  expect(faults).toEqual([]);
  expect(counts["killed"]).toEqual({ holders: 1 });
  expect(counts["waits"]?.["delayed"]).toBeGreaterThan(0);
});
