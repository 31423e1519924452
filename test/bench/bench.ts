/**
 * `npm run bench -- [NAME...] [--rounds N] [--json] [--plot DIR] [--pictures DIR]`: measures, and prints what was found
 * beside what is demanded; all there is when nothing is named. `--plot` leaves what was found and its charts in a
 * directory. Ends with 0 whatever the figures are; 1 when it could not measure, 2 when it was asked wrongly.
 */
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { ignoring } from "../../src/system.ts";
import type { Bench } from "./bench-context.ts";
import { estimate } from "./estimate.ts";
import { fidelity } from "./fidelity.ts";
import { gallery } from "./gallery.ts";
import { describeMachine, type Machine, machineText } from "./machine.ts";
import { memory } from "./memory.ts";
import { drawCharts, type Results } from "./plot.ts";
import { backlog } from "./queue/backlog.ts";
import { drain } from "./queue/drain.ts";
import { enqueueCost } from "./queue/enqueue.ts";
import { latency } from "./queue/latency.ts";
import { producers } from "./queue/producers.ts";
import { starts } from "./queue/starts.ts";
import { waitingCost } from "./queue/waiting.ts";
import { type Report, textOf } from "./report.ts";
import { scaling } from "./scaling.ts";
import { single } from "./single.ts";

/** All benches by name, in the order in which they run when none is named. */
const BENCHES: Readonly<Record<string, Bench>> = {
  enqueue: enqueueCost,
  waiting: waitingCost,
  ...{ producers, latency, drain, backlog, starts, scaling },
  ...{ gallery, single, fidelity, memory, estimate },
};

interface Wish {
  readonly names: readonly string[];
  readonly rounds: number;
  readonly isJson: boolean;
  readonly pictures: string | null;
  readonly plot: string | null;
}

/** Fewer pairs than these are no measurement. */
const DEFAULT_ROUNDS = 5;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** @returns null when the arguments make no sense */
function readArguments(args: readonly string[]): Wish | null {
  const text = { type: "string" } as const;
  const options = { json: { type: "boolean" }, rounds: text, pictures: text, plot: text } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const rounds = Number(values.rounds ?? DEFAULT_ROUNDS);
    const names = positionals.length > 0 ? positionals : Object.keys(BENCHES);
    const isKnown = names.every((name) => Object.hasOwn(BENCHES, name));
    if (!isKnown || !Number.isInteger(rounds) || rounds < 1) return null;
    const { json: isJson = false, pictures = null, plot = null } = values;
    return { names, rounds, isJson, pictures, plot };
  } catch {
    // An option that does not exist: the usage says which do.
    return null;
  }
}

function usage(): string {
  const list = Object.entries(BENCHES).map(([name, { tells }]) => `  ${name.padEnd(10)}${tells}\n`);
  return `npm run bench -- [NAME...] [--rounds N] [--json] [--plot DIR] [--pictures DIR]\n\n${list.join("")}`;
}

async function runBench(name: string, { rounds, pictures }: Wish, directory: string): Promise<Report> {
  const say = (text: string): void => void process.stderr.write(`${name}: ${text}\n`);
  const bench = BENCHES[name];
  if (bench === undefined) throw new RangeError(`no bench is called ${name}`);
  await mkdir(directory);
  return bench.run({ directory, rounds, pictures, say });
}

async function runAll(wish: Wish): Promise<void> {
  const { names, rounds, isJson, plot } = wish;
  const machine = describeMachine();
  const benches: Record<string, Report> = {};
  if (!isJson) process.stdout.write(`${machineText(machine)}\n`);
  // Removed when all are over: some file systems make new files slowly where many have just been removed.
  const place = await realpath(await mkdtemp(join(tmpdir(), "spoold-bench-")));
  const breakOff = (): void => {
    // Half a gigabyte of pictures is not to be left behind by a ^C.
    rmSync(place, { recursive: true, force: true, maxRetries: 3 });
    process.exit(130);
  };
  for (const signal of SIGNALS) process.once(signal, breakOff);
  try {
    for (const name of names) {
      const report = await runBench(name, wish, join(place, name));
      benches[name] = report;
      if (!isJson) process.stdout.write(`${textOf(name, report)}\n`);
    }
  } finally {
    for (const signal of SIGNALS) process.off(signal, breakOff);
    await rm(place, { recursive: true, force: true });
  }
  if (isJson) process.stdout.write(`${JSON.stringify({ machine, rounds, benches })}\n`);
  if (plot === null) return;
  const results = { machine, rounds, benches: { ...(await earlierBenches(plot, machine)), ...benches } };
  await writeFile(join(plot, "results.json"), `${JSON.stringify(results, null, 2)}\n`);
  await drawCharts(results, plot);
}

/** What earlier runs on the same machine have left in a directory, so that one bench can be measured again. */
async function earlierBenches(plot: string, machine: Machine): Promise<Results["benches"]> {
  const text = await ignoring(["ENOENT"], readFile(join(plot, "results.json"), "utf8"));
  if (text === undefined) return {};
  const earlier = JSON.parse(text) as Results;
  const isSame = isDeepStrictEqual({ ...earlier.machine, loadBefore: 0 }, { ...machine, loadBefore: 0 });
  return isSame ? earlier.benches : {};
}

const wish = readArguments(process.argv.slice(2));
if (wish === null) {
  process.stderr.write(usage());
  process.exitCode = 2;
} else {
  try {
    await runAll(wish);
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
}
