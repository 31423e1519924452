import { expect, it } from "vitest";
import { newDirectory } from "../../support/directories.ts";
import { USUAL, wage } from "./kills.ts";

it("kills of daemon, workers and producers lose no accepted task, run none twice at a time, and show no torn or partial output", {
  timeout: 400_000,
}, async () => {
  const given = { directory: await newDirectory(), seed: 5, rounds: 2, say: () => undefined };
  const keep = (name: string): Promise<string> => Promise.resolve(name);
  const campaign = { seed: given.seed, rounds: given.rounds, workers: 1, limits: USUAL, checkEvery: 1 };
  const { faults, counts } = await wage({ ...given, keep }, campaign);
  expect(faults).toEqual([]);
  expect(counts["usual kills"]).toMatchObject({ daemon: 2, worker: 1, producer: 1, group: 1 });
  expect(counts["usual checked"]?.["done"]).toBeGreaterThan(10);
  expect(counts["usual checked"]?.["digestsSeen"]).toBeGreaterThan(10);
});
