/**
 * `npm run bench -- NAME [--rounds N] [--json] [--pictures DIR]`: measures, and prints what was found beside what is
 * demanded. Ends with 0 whatever the figures are; 1 when it could not measure, 2 when it was asked wrongly.
 */
import { rmSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Bench } from "./bench-context.ts";
import { estimate } from "./estimate.ts";
import { fidelity } from "./fidelity.ts";
import { gallery } from "./gallery.ts";
import { describeMachine, machineText } from "./machine.ts";
import { memory } from "./memory.ts";
import { type Report, textOf } from "./report.ts";
import { single } from "./single.ts";

const BENCHES: Readonly<Record<string, Bench>> = { gallery, fidelity, single, memory, estimate };

interface Wish {
  readonly names: readonly string[];
  readonly rounds: number;
  readonly isJson: boolean;
  readonly pictures: string | null;
}

/** Fewer pairs than these are no measurement. */
const DEFAULT_ROUNDS = 5;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** @returns null when the arguments make no sense */
function readArguments(args: readonly string[]): Wish | null {
  const options = { json: { type: "boolean" }, rounds: { type: "string" }, pictures: { type: "string" } } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const rounds = Number(values.rounds ?? DEFAULT_ROUNDS);
    const isKnown = positionals.length > 0 && positionals.every((name) => Object.hasOwn(BENCHES, name));
    if (!isKnown || !Number.isInteger(rounds) || rounds < 1) return null;
    return { names: positionals, rounds, isJson: values.json ?? false, pictures: values.pictures ?? null };
  } catch {
    // An option that does not exist: the usage says which do.
    return null;
  }
}

function usage(): string {
  const list = Object.entries(BENCHES).map(([name, { tells }]) => `  ${name.padEnd(10)}${tells}\n`);
  return `npm run bench -- NAME... [--rounds N] [--json] [--pictures DIR]\n\n${list.join("")}`;
}

async function runBench(name: string, { rounds, pictures }: Wish): Promise<Report> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), "spoold-bench-")));
  const say = (text: string): void => void process.stderr.write(`${name}: ${text}\n`);
  const breakOff = (): void => {
    // Half a gigabyte of pictures is not to be left behind by a ^C.
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
    process.exit(130);
  };
  for (const signal of SIGNALS) process.once(signal, breakOff);
  try {
    const bench = BENCHES[name];
    if (bench === undefined) throw new RangeError(`no bench is called ${name}`);
    return await bench.run({ directory, rounds, pictures, say });
  } finally {
    for (const signal of SIGNALS) process.off(signal, breakOff);
    await rm(directory, { recursive: true, force: true });
  }
}

async function runAll(wish: Wish): Promise<void> {
  const { names, rounds, isJson } = wish;
  const machine = describeMachine();
  const benches: Record<string, Report> = {};
  if (!isJson) process.stdout.write(`${machineText(machine)}\n`);
  for (const name of names) {
    const report = await runBench(name, wish);
    benches[name] = report;
    if (!isJson) process.stdout.write(`${textOf(name, report)}\n`);
  }
  if (isJson) process.stdout.write(`${JSON.stringify({ machine, rounds, benches })}\n`);
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
