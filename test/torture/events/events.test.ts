import { expect, it } from "vitest";
import { newDirectory } from "../../support/directories.ts";
import { canDeafen, tortureEvents } from "./events.ts";

it.runIf(canDeafen())("a daemon whose watches hear nothing finds each task by its timed look (strace)", async () => {
  const [directory, say, keep] = [await newDirectory(), () => undefined, (name: string) => Promise.resolve(name)];
  const size = { daemons: 1, rescanMs: 600, slackMs: 20_000, flood: 0 };
  const { faults, counts } = await tortureEvents({ directory, seed: 3, rounds: 3, say, keep }, size);
  expect(faults).toEqual([]);
  expect(counts["events"]?.["deafened"]).toBeGreaterThan(0);
});
