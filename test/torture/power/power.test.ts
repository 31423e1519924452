import { expect, it } from "vitest";
import { newDirectory } from "../../support/directories.ts";
import { power } from "./power.ts";

it("a spool that has lost its power keeps every promise, as it is found and when a daemon has run on it", async () => {
  const keep = (_name: string, bytes: Uint8Array): Promise<string> => Promise.resolve(Buffer.from(bytes).toString());
  const { faults, counts } = await power.run({
    directory: await newDirectory(),
    seed: 2,
    rounds: 60,
    say: () => undefined,
    keep,
  });
  expect(faults).toEqual([]);
  expect(counts["states"]?.["different"]).toBeGreaterThanOrEqual(60);
});
