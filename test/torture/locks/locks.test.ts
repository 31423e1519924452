import { expect, it } from "vitest";
import { newDirectory } from "../../support/directories.ts";
import { tortureLocks } from "./locks.ts";

it.runIf(process.platform === "linux")(
  "the lock of a dead or stopped owner never has two holders, where bare proper-lockfile has (Linux)",
  async () => {
    const [directory, say, keep] = [await onDisk(), () => undefined, (name: string) => Promise.resolve(name)];
    const size = {
      contenders: 4,
      stopMs: 2_200,
      daemons: 0,
      stops: [
        ["spoold", "container"],
        ["proper-lockfile", "beside"],
      ],
    } as const;
    const { faults, counts } = await tortureLocks({ directory, seed: 5, rounds: 12, say, keep }, size);
    expect(faults).toEqual([]);
    expect(counts["doubles"]?.["spoold"]).toBe(0);
    expect(counts["takeovers"]?.["spoold"]).toBeGreaterThanOrEqual(12);
  },
);

/** In memory all goes so fast that bare proper-lockfile shows its fault too seldom. */
async function onDisk(): Promise<string> {
  const { TMPDIR } = process.env;
  process.env["TMPDIR"] = "/var/tmp";
  const directory = await newDirectory();
  process.env["TMPDIR"] = TMPDIR ?? "/tmp";
  return directory;
}
