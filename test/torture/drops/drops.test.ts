import { expect, it } from "vitest";
import { newDirectory } from "../../support/directories.ts";
import { playDrops } from "./drops.ts";

it("files dropped by many hands are taken when they are whole, or lie in rejected/ byte for byte", async () => {
  const directory = await newDirectory();
  const keep = (name: string): Promise<string> => Promise.resolve(name);
  const context = { directory, seed: 5, rounds: 60, say: () => undefined, keep };
  const play = { name: "few", first: 0, count: 60, settleMs: 120, rejectAfterMs: 1_200, hands: 20 };
  const { faults, counts } = await playDrops(context, play);
  expect(faults).toEqual([]);
  // A run that accepted all at once, or none, would prove little.
  expect(counts["ends"]?.["accepted"]).toBeGreaterThan(25);
  expect(counts["ends"]?.["rejected"]).toBeGreaterThan(5);
  expect(counts["delivered"]?.["restedLongerThanSettle"]).toBeGreaterThan(10);
});
