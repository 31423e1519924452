import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openSpool } from "../../../src/index.ts";
import { askDaemon } from "../../../src/spool/control.ts";
import { layoutOf } from "../../../src/spool/layout.ts";
import { realSystem } from "../../../src/system.ts";
import { chance } from "../../support/scenery/chance.ts";
import { workersOf } from "../../support/workers.ts";
import type { Torture, TortureContext } from "../torture-context.ts";
import { folderOf, placeHandler, placeSet, type SetTask, tasksOfSet } from "./order-sets.ts";

/** Sets whose tasks are enqueued in turn, so that tasks of several sets lie beside each other. */
const INTERLEAVED = 8;
const BIN = fileURLToPath(new URL("../../../bin/spoold.js", import.meta.url));
/** Killed attempts are tried again, soon and without end: what comes out does not depend on luck. */
const SETTINGS = [
  ...["--max-attempts", "100", "--max-crashes", "100", "--backoff", "300", "--backoff-max", "600", "--max-alike", "0"],
];
const WORKERS = 4;

/** Overlapping tasks one by one, and at four at once under kills: both must leave the same files and the same ends. */
export const order: Torture = {
  tells:
    "random sets of overlapping tasks, some of which fail at first, one by one and four at once under kills, must leave the same files",
  rounds: 2_000,
  async run(context) {
    const { directory, rounds, say } = context;
    const [quiet, wild] = [join(directory, "quiet"), join(directory, "wild")];
    const orders: SetTask[][] = [];
    for (let set = 0; set < rounds; set++) orders.push([...tasksOfSet(context.seed, set)]);
    for (const place of [quiet, wild]) await prepare(place, context, orders);
    say("one by one");
    const calm = await drain(quiet, 1, null);
    say("four at once, with kills");
    const kills = await drain(wild, WORKERS, chance(context.seed));
    const faults = [...calm.faults, ...kills.faults];
    const [before, after] = [await stateOf(quiet, rounds), await stateOf(wild, rounds)];
    for (const [name, digest] of before) if (after.get(name) !== digest) faults.push(`${name} differs`);
    for (const name of after.keys()) if (!before.has(name)) faults.push(`${name} is too many`);
    const ends = await endsOf(wild);
    return {
      faults: faults.slice(0, 50),
      counts: { kills: { workers: kills.workers, daemons: kills.daemons }, ends, log: await linesOf(wild) },
      figures: { sets: rounds, tasks: rounds * (orders[0]?.length ?? 0), files: after.size },
    };
  },
};

async function prepare(place: string, { seed }: TortureContext, orders: readonly SetTask[][]): Promise<void> {
  await mkdir(place);
  const spool = await openSpool(join(place, "spool"));
  await placeHandler(spool.directory);
  for (let set = 0; set < orders.length; set++) await placeSet(place, seed, set);
  for (let first = 0; first < orders.length; first += INTERLEAVED) {
    const sets = orders.slice(first, first + INTERLEAVED);
    const numbers = sets.map((): number[] => []);
    for (let step = 0; step < (sets[0]?.length ?? 0); step++) {
      const group = sets.map(async (tasks, index) => {
        const { task, after } = tasks[step] as SetTask;
        const named = after.flatMap((other) => numbers[index]?.[other] ?? []);
        const ticket = await spool.enqueue({ ...task, ...(named.length > 0 && { after: named }) }, { sizes: false });
        numbers[index]?.push(ticket.number);
      });
      await Promise.all(group);
    }
  }
}

interface Drained {
  readonly faults: readonly string[];
  readonly workers: number;
  readonly daemons: number;
}

/** Runs daemons until one has drained the spool. @param random null for no kills */
async function drain(place: string, concurrency: number, random: (() => number) | null): Promise<Drained> {
  let [workers, daemons] = [0, 0];
  for (;;) {
    const daemon = startOnce(place, concurrency);
    const ended = once(daemon, "exit");
    while (random !== null && isAlive(daemon)) {
      await Promise.race([ended, sleep(100 + 300 * random())]);
      if (!isAlive(daemon)) break;
      if (random() < 0.04) {
        daemon.kill("SIGKILL");
        daemons += 1;
      } else {
        // Too many that die before they are ready would mean a broken installation.
        if (!(await areAllReady(place))) continue;
        const pids = await workersOf(daemon.pid ?? 0);
        const victim = pids[Math.floor(random() * pids.length)];
        if (victim !== undefined && kill(victim)) workers += 1;
      }
    }
    await ended;
    if (daemon.signalCode === "SIGKILL") continue;
    // 1: some of the tasks were to fail.
    const faults = [0, 1].includes(daemon.exitCode ?? -1) ? [] : [`a daemon ended with ${daemon.exitCode}`];
    for (const state of ["tasks", "active", "deferred", "held", "rejected"]) {
      const left = await readdir(join(place, "spool", state));
      if (left.length > 0) faults.push(`${state}/ holds ${left.slice(0, 5).join(", ")}`);
    }
    return { faults, workers, daemons };
  }
}

async function areAllReady(place: string): Promise<boolean> {
  const status = await askDaemon(realSystem(), layoutOf(join(place, "spool")), { ask: "status" }, 1_000);
  return typeof status === "object" && status.workersReady === WORKERS;
}

function startOnce(place: string, concurrency: number): ChildProcess {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SPOOLD_")));
  const log = ["--log-file", "log.txt", "--concurrency", String(concurrency)];
  return spawn(process.execPath, [BIN, "start", "--once", ...log, ...SETTINGS], { cwd: place, env, stdio: "ignore" });
}

function isAlive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

function kill(pid: number): boolean {
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    // It has ended by itself since it was listed.
    return false;
  }
}

/** What a run has left: each file by its digest, and of each number how it ended. */
async function stateOf(place: string, sets: number): Promise<ReadonlyMap<string, string>> {
  const state = new Map<string, string>();
  for (let set = 0; set < sets; set++) {
    for (const name of await readdir(join(place, folderOf(set)))) {
      const bytes = await readFile(join(place, folderOf(set), name));
      state.set(`${folderOf(set)}/${name}`, createHash("sha256").update(bytes).digest("hex"));
    }
  }
  for (const name of await readdir(join(place, "spool/done"))) state.set(`task ${name}`, "done");
  for (const [name, code] of await failuresOf(place)) state.set(`task ${name.replace(".reason", "")}`, code);
  return state;
}

async function failuresOf(place: string): Promise<readonly (readonly [string, string])[]> {
  const failed = join(place, "spool/failed");
  const reasons = (await readdir(failed)).filter((name) => name.endsWith(".reason.json"));
  return Promise.all(
    reasons.map(async (name) => {
      const { error } = JSON.parse(await readFile(join(failed, name), "utf8")) as { error: { code: string } };
      return [name, error.code] as const;
    }),
  );
}

async function endsOf(place: string): Promise<Record<string, number>> {
  const ends: Record<string, number> = { done: (await readdir(join(place, "spool/done"))).length };
  for (const [, code] of await failuresOf(place)) ends[code] = (ends[code] ?? 0) + 1;
  return ends;
}

/** How often the log tells of what makes an order hard to keep. */
async function linesOf(place: string): Promise<Record<string, number>> {
  const text = await readFile(join(place, "log.txt"), "utf8");
  const count = (msg: string): number => text.split(`"msg":"${msg}"`).length - 1;
  return { deferred: count("task deferred"), done: count("task done"), failed: count("task failed") };
}
