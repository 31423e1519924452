/**
 * `npm run torture -- [NAME...] [--rounds N] [--seed S] [--report FILE]`: breaks things on purpose, and looks whether
 * what is promised still holds; all of it when nothing is named. Ends with 0 when it does, 1 when it does not, 2 when
 * it was asked wrongly.
 */
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeMachine, machineText } from "../bench/machine.ts";
import type { TortureReport } from "./torture-context.ts";
import { TORTURES } from "./tortures.ts";

interface Wish {
  readonly names: readonly string[];
  readonly rounds: number | null;
  readonly seed: number;
  /** Where the report goes, and what broke a promise beside it. */
  readonly report: string;
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const KEPT = fileURLToPath(new URL("../../.torture/", import.meta.url));

/** @returns null when the arguments make no sense */
function readArguments(args: readonly string[]): Wish | null {
  const options = { rounds: { type: "string" }, seed: { type: "string" }, report: { type: "string" } } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const rounds = values.rounds === undefined ? null : Number(values.rounds);
    // Any seed does; a run that names its own can be made again.
    const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
    const names = positionals.length > 0 ? positionals : Object.keys(TORTURES);
    const isKnown = names.every((name) => Object.hasOwn(TORTURES, name));
    if (!isKnown || !Number.isInteger(seed) || seed < 0) return null;
    if (rounds !== null && (!Number.isInteger(rounds) || rounds < 1)) return null;
    return { names, rounds, seed, report: values.report ?? join(KEPT, "report.json") };
  } catch {
    // An option that does not exist: the usage says which do.
    return null;
  }
}

function usage(): string {
  const list = Object.entries(TORTURES).map(
    ([name, { tells, rounds }]) => `  ${name.padEnd(12)}${tells} (${rounds})\n`,
  );
  return `npm run torture -- [NAME...] [--rounds N] [--seed S] [--report FILE]\n\n${list.join("")}`;
}

async function runTorture(name: string, { rounds, seed, report }: Wish): Promise<TortureReport & { rounds: number }> {
  const torture = TORTURES[name];
  if (torture === undefined) throw new RangeError(`no torture is called ${name}`);
  const directory = await realpath(await mkdtemp(join(tmpdir(), "spoold-torture-")));
  const breakOff = (): void => {
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
    process.exit(130);
  };
  for (const signal of SIGNALS) process.once(signal, breakOff);
  try {
    const given = { directory, seed, rounds: rounds ?? torture.rounds };
    const say = (text: string): void => void process.stderr.write(`${name}: ${text}\n`);
    const keep = async (file: string, bytes: Uint8Array): Promise<string> => {
      const path = join(dirname(report), `${name}-${seed}-${file}`);
      await writeFile(path, bytes);
      return path;
    };
    return { rounds: given.rounds, ...(await torture.run({ ...given, say, keep })) };
  } finally {
    for (const signal of SIGNALS) process.off(signal, breakOff);
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function runAll(wish: Wish): Promise<void> {
  const machine = describeMachine();
  process.stdout.write(`${machineText(machine)}seed ${wish.seed}\n`);
  await mkdir(dirname(wish.report), { recursive: true });
  const tortures: Record<string, TortureReport> = {};
  for (const name of wish.names) {
    tortures[name] = await runTorture(name, wish);
    process.stdout.write(`${name}: ${JSON.stringify(tortures[name], null, 2)}\n`);
    // After each, so that a run that is broken off has told what it knew.
    await writeFile(wish.report, `${JSON.stringify({ machine, seed: wish.seed, tortures }, null, 2)}\n`);
    if (tortures[name].faults.length > 0) process.exitCode = 1;
  }
}

const wish = readArguments(process.argv.slice(2));
if (wish === null) {
  process.stderr.write(usage());
  process.exitCode = 2;
} else {
  try {
    await runAll(wish);
  } catch (error) {
    process.stderr.write(`torture: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
}
