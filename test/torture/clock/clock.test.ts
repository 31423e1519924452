import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { newDirectory } from "../../support/directories.ts";
import { DECADE_MS, tortureClock } from "./clock.ts";
import { LIBRARIES } from "./wall-clock.ts";

it.runIf(LIBRARIES.some((path) => existsSync(path)))(
  "a clock that is set back by ten years settles no drop, robs no daemon and delays no retry (libfaketime)",
  async () => {
    const [directory, say, keep] = [await newDirectory(), () => undefined, (name: string) => Promise.resolve(name)];
    const size = { offsets: [0, -DECADE_MS], holds: [] };
    const { faults, counts } = await tortureClock({ directory, seed: 1, rounds: 1, say, keep }, size);
    expect(faults).toEqual([]);
    expect(counts["clock"]).toMatchObject({ jumps: 1, rivals: 1, retries: 1, drops: 1 });
  },
);
