import { expect, it } from "vitest";
import { newDirectory } from "../../support/directories.ts";
import { order } from "./order.ts";

it("overlapping tasks leave, four at once under kills and with retries, what they leave one by one", async () => {
  const directory = await newDirectory();
  const keep = (name: string): Promise<string> => Promise.resolve(name);
  const { faults, counts } = await order.run({ directory, seed: 11, rounds: 16, say: () => undefined, keep });
  expect(faults).toEqual([]);
  // A run in which nothing failed, or nothing was tried again, would prove little.
  expect(counts["ends"]?.["done"]).toBeGreaterThan(30);
  expect(counts["ends"]?.["SOURCE_MISSING"]).toBeGreaterThan(3);
  expect(counts["log"]?.["deferred"]).toBeGreaterThan(10);
});
