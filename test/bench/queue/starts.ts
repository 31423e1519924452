import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openSpool } from "spoold";
import type { Bench } from "../bench-context.ts";
import { compare, runPairs } from "../pairs.ts";
import type { Figure } from "../report.ts";
import { ORDER } from "./orders.ts";

const RUNS = 8;
const BIN = fileURLToPath(new URL("../../../bin/spoold.js", import.meta.url));

/** What a command costs in a shell's loop. */
export const starts: Bench = {
  tells: "spoold add and status against `node -e 0`",
  async run({ directory, rounds, say }) {
    const place = await mkdtemp(join(directory, "starts-"));
    const { directory: spool } = await openSpool(join(place, "spool"));
    const file = join(place, "task.json");
    await writeFile(file, JSON.stringify(ORDER));
    const commands = { add: ["add", file, "--spool", spool], status: ["status", "--spool", spool] };
    const figures: Figure[] = [];
    for (const [name, args] of Object.entries(commands)) {
      const pairs = await runPairs(
        rounds,
        { ours: () => commandMs([BIN, ...args]), theirs: () => commandMs(["-e", "0"]) },
        (round) => say(`${name}: pair ${round} of ${rounds}`),
      );
      const msOf = (ms: number): number => ms;
      const comparison = compare(pairs, msOf, msOf);
      figures.push({
        kind: "ratio",
        what: `${name} / node -e 0`,
        unit: "ms",
        ...comparison,
        demanded: { atMost: 2.5 },
      });
    }
    return { figures, details: [], notes: [`the mean of ${RUNS} runs in each measurement`] };
  },
};

async function commandMs(args: readonly string[]): Promise<number> {
  const clock = performance.now();
  for (let run = 0; run < RUNS; run++) {
    const child = spawn(process.execPath, args, { stdio: "ignore" });
    await once(child, "exit");
    if (child.exitCode !== 0) throw new Error(`${args.join(" ")} ended with ${child.exitCode}`);
  }
  return (performance.now() - clock) / RUNS;
}
