import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type NewTask, openSpool, type Spool } from "../../../src/index.ts";
import { INPUT_FORMATS } from "../../../src/input-formats.ts";
import { type Ending, waitForEnding } from "../../../src/spool/endings.ts";
import { type Layout, layoutOf } from "../../../src/spool/layout.ts";
import { realSystem } from "../../../src/system.ts";
import type { Torture, TortureContext, TortureReport } from "../torture-context.ts";
import { startVictim, type Victim } from "../victim.ts";
import { crashesOf, faultsIn, verdictOf } from "./end.ts";
import { type Mutant, mutantOf } from "./mutants.ts";
import { type PictureSeed, pictureSeeds } from "./picture-seeds.ts";

/** Pictures with something wrong, each as a task for a real daemon with real workers. */
export const pictures: Torture = {
  tells: "mutated pictures of every format that can be opened, all decoders open",
  rounds: 20_000,
  async run(context) {
    const { directory, rounds, say } = context;
    for (const folder of ["in", "made"]) await mkdir(join(directory, folder));
    const seeds = await pictureSeeds();
    await writeFile(join(directory, SOUND), seeds[0]?.bytes ?? "");
    const spool = await openSpool(join(directory, "spool"));
    const scene: Scene = { ...context, seeds, spool, layout: layoutOf(spool.directory) };
    const victim = await startVictim(directory, SETTINGS);
    const results: Result[] = [];
    let next = 0;
    const feed = async (): Promise<void> => {
      while (next < rounds && victim.lives()) {
        const number = next++;
        results.push(await suffer(scene, number));
        if (results.length % 500 === 0) say(`${results.length} of ${rounds}`);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, feed));
    return judge(scene, victim, results);
  },
};

/** The deadline of an attempt, and how much later it may be seen to end: a kill, a sweep and a rename on a busy machine. */
const TIMEOUT_MS = 8_000;
const GRACE_MS = 2_000;
/** What a worker may take, as the settings say by default; it is killed a little later, when that is seen. */
const MEMORY_MIB = 1_024;
/** Two attempts and a wait behind the others in flight. */
const PATIENCE_MS = 120_000;
const IN_FLIGHT = 8;
const SOUND = "in/sound.jpg";
const SETTINGS = [
  ...["--timeout", String(TIMEOUT_MS), "--concurrency", "2", "--input-formats", INPUT_FORMATS.join(",")],
];

interface Scene extends TortureContext {
  readonly seeds: readonly PictureSeed[];
  readonly spool: Spool;
  readonly layout: Layout;
}

interface Result {
  readonly verdict: string;
  readonly format: string;
  readonly crashes: number;
  readonly faults: readonly string[];
}

/** One mutant, from its file to what its task left. */
async function suffer(scene: Scene, number: number): Promise<Result> {
  const { directory, seeds, seed, spool, layout, keep } = scene;
  const mutant = mutantOf(seeds, seed, number);
  const source = `in/${number}.${mutant.ending}`;
  await writeFile(join(directory, source), mutant.bytes);
  const task = taskFor(mutant, source);
  const ticket = await spool.enqueue(task);
  let end: Ending | null = null;
  try {
    end = await waitForEnding(realSystem(), layout, ticket.number, AbortSignal.timeout(PATIENCE_MS));
  } catch {
    // It has not ended, which is told below.
  }
  const broken = await faultsIn(directory, end, task);
  const where = broken.length > 0 ? await keep(`${number}.${mutant.ending}`, mutant.bytes) : "";
  const faults = broken.map((fault) => `mutant ${number} (${mutant.story}): ${fault}; kept as ${where}`);
  for (const file of [source, ...ticket.outputs.map((output) => output.file)])
    await rm(join(directory, file), { force: true });
  return { verdict: verdictOf(end), format: mutant.ending, crashes: crashesOf(end), faults };
}

/** Small and whole, still and moving; every ninth mutant is an overlay on a sound picture. */
function taskFor({ number, story }: Mutant, source: string): NewTask {
  const name = `made/${number}`;
  const others = [
    [{ file: `${name}.png` }],
    [{ file: `${name}.webp`, width: 48, height: 48, fit: "contain" as const, steps: [{ blur: 1 }] }],
    [{ file: `${name}.gif`, width: 40, steps: [{ flip: true as const }] }],
    [],
  ];
  const first = { file: `${name}.jpg`, width: 64 };
  if (number % 9 === 8)
    return { source: SOUND, outputs: [{ ...first, steps: [{ composite: { input: source } }] }], summary: story };
  return { source, outputs: [first, ...(others[number % others.length] ?? [])], summary: story };
}

/** What all tasks together, and the daemon, say against what is promised. */
async function judge(scene: Scene, victim: Victim, results: readonly Result[]): Promise<TortureReport> {
  const { directory, layout, rounds } = scene;
  const lived = victim.lives();
  const { exit, errors, ...figures } = await victim.stop();
  const faults = results.flatMap((result) => result.faults);
  if (!lived || exit !== 0) faults.push(`the daemon ended with ${exit}${lived ? "" : " by itself"}`);
  for (const state of ["tasks", "active", "deferred", "held", "rejected"] as const) {
    const left = await readdir(layout[state]);
    if (left.length > 0) faults.push(`${state}/ holds ${left.join(", ")}`);
  }
  const ended = (await readdir(layout.done)).length + (await readdir(layout.failed)).length / 2;
  if (ended !== rounds) faults.push(`of ${rounds} tasks ${ended} lie in done/ or in failed/ with a reason`);
  const left = await readdir(join(directory, "made"));
  if (left.length > 0) faults.push(`beside the outputs lies ${left.join(", ")}`);
  if (figures.longestMs > TIMEOUT_MS + GRACE_MS) faults.push(`an attempt took ${figures.longestMs} ms`);
  if (figures.peakMib > MEMORY_MIB) faults.push(`a worker took ${figures.peakMib} MiB`);
  const [verdicts, formats] = [tally(results, ({ verdict }) => verdict), tally(results, outcomeByFormat)];
  const crashes = results.reduce((sum, { crashes }) => sum + crashes, 0);
  return { faults, counts: { verdicts, formats, errors }, figures: { ...figures, workersLost: crashes } };
}

function outcomeByFormat({ format, verdict }: Result): string {
  return `${format} ${verdict === "done" ? "done" : "failed"}`;
}

function tally<T>(list: readonly T[], nameOf: (entry: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of list.map(nameOf).sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
