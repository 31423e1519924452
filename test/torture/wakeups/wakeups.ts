import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as breathe, setTimeout as sleep } from "node:timers/promises";
import { openSpool, type Spool } from "../../../src/index.ts";
import { createStarter } from "../../../src/spool/autostart.ts";
import { livingOwner } from "../../../src/spool/daemon-lock.ts";
import { readEnding } from "../../../src/spool/endings.ts";
import { launchDetached } from "../../../src/spool/launch.ts";
import { type Layout, layoutOf } from "../../../src/spool/layout.ts";
import { realSystem } from "../../../src/system.ts";
import { chance } from "../../support/scenery/chance.ts";
import { placePicture, quickTask } from "../../support/spool.ts";
import type { Torture } from "../torture-context.ts";

/**
 * When the late task is committed. `stopped`: while the daemon stands still, which has looked for the last time and is about
 * to let go of the spool. `hurried`: a moment after it has said so. `receipt`: a moment after its only task has ended.
 * `blind`: at any time since it was started.
 */
const MOMENTS = ["stopped", "hurried", "receipt", "blind"] as const;
type Moment = (typeof MOMENTS)[number];

/** How a round went. */
interface Round {
  /**
   * `start`: the producer saw no daemon and started one. Else it saw one, which ran the late task: `look` when it was at work
   * still, `window` when it had looked for the last time and took the spool again.
   */
  readonly runBy: "look" | "window" | "start" | "nobody";
  /** From the commit of the late task until all was quiet. */
  readonly ms: number;
  /** From the start of the daemon to the moment; null where the moment is by chance. */
  readonly earlyMs: number | null;
}

/** Producers that commit a task at the very end of a daemon, and start none of their own when one lives. */
export const wakeups: Torture = {
  tells: "tasks that come in while a --once daemon ends, none of which may be left lying",
  rounds: 200,
  async run({ directory, seed, rounds, say }) {
    const random = chance(seed);
    await placePicture(join(directory, "quick.jpg"));
    await mkdir(join(directory, "out"));
    const faults: string[] = [];
    const counts: Record<string, Record<string, number>> = {};
    let longestMs = 0;
    let usualMs = 1_000;
    for (let index = 0; index < rounds; index++) {
      const moment = MOMENTS[index % MOMENTS.length] as Moment;
      const { runBy, ms, earlyMs } = await playRound(directory, { index, moment, random: random(), usualMs });
      if (earlyMs !== null) usualMs = (usualMs + earlyMs) / 2;
      const row = counts[moment] ?? {};
      counts[moment] = { ...row, [runBy]: (row[runBy] ?? 0) + 1 };
      longestMs = Math.max(longestMs, ms);
      if (runBy === "nobody") faults.push(`round ${index}, ${moment}: the late task was left lying`);
      if (index % 20 === 19) say(`${index + 1} rounds: ${JSON.stringify(counts)}`);
    }
    return { faults, counts, figures: { longestMs } };
  },
};

/** Loaded into a daemon before its own program: it stops by a signal, once, when it is about to let go of the spool. */
const STOP_AT_RELEASE = `data:text/javascript,${encodeURIComponent(`
  import fs from "node:fs";
  import { syncBuiltinESMExports } from "node:module";
  const { renameSync } = fs;
  fs.renameSync = (from, to) => {
    if (/owner\\.\\d+\\.released$/.test(to)) {
      fs.renameSync = renameSync;
      syncBuiltinESMExports();
      process.kill(process.pid, "SIGSTOP");
    }
    renameSync(from, to);
  };
  syncBuiltinESMExports();
`)}`;

/** How long a task may wait that nobody comes for. */
const PATIENCE_MS = 20_000;

interface Chance {
  readonly index: number;
  readonly moment: Moment;
  /** From 0 to below 1. */
  readonly random: number;
  /** How long a daemon takes from its start to its end. */
  readonly usualMs: number;
}

/** One daemon, and one task that comes at its end, in a directory with `quick.jpg`. */
export async function playRound(directory: string, { index, moment, random, usualMs }: Chance): Promise<Round> {
  const spool = await openSpool(join(directory, "spool"));
  const layout = layoutOf(spool.directory);
  const logFile = join(directory, `log-${index}.txt`);
  const options = { args: ["--concurrency", "1", "--root", directory], logFile };
  const first = await spool.enqueue(quickTask("out/early"));
  const startedMs = performance.now();
  const env = moment === "stopped" ? { ...process.env, NODE_OPTIONS: `--import ${STOP_AT_RELEASE}` } : process.env;
  await createStarter(realSystem(), layout).wake({ ...options, env });
  const log = (): string => readIfThere(logFile);
  try {
    await untilMoment(moment, { random, usualMs, log, layout, number: first.number });
    const earlyMs = moment === "blind" ? null : performance.now() - startedMs;
    const pid = Number(/"pid":(\d+)/.exec(log())?.[1] ?? 0);
    const beganMs = performance.now();
    let starts = 0;
    // As another process does it: all that it knows of the daemon is what the spool tells.
    const producer = createStarter(realSystem(), layout, async (...given) => {
      starts += 1;
      await launchDetached(...given);
    });
    const late = await commit(spool, producer, options);
    if (moment === "stopped") signal(pid, "SIGCONT");
    const ended = await isEnded(layout, late);
    await untilQuiet(layout, log);
    const ms = Math.round(performance.now() - beganMs);
    if (!ended) return { runBy: "nobody", ms, earlyMs };
    return { runBy: starts > 0 ? "start" : log().includes("daemon goes on") ? "window" : "look", ms, earlyMs };
  } finally {
    for (const [, pid] of log().matchAll(/"pid":(\d+)/g)) signal(Number(pid), "SIGKILL");
  }
}

async function commit(
  spool: Spool,
  producer: ReturnType<typeof createStarter>,
  options: Parameters<typeof producer.wake>[0],
): Promise<number> {
  const { number } = await spool.enqueue(quickTask("out/late"), { sizes: false });
  await producer.wake(options);
  return number;
}

interface Moments {
  readonly random: number;
  readonly usualMs: number;
  readonly log: () => string;
  readonly layout: Layout;
  /** Of the early task. */
  readonly number: number;
}

/** Looks as often as it can: what is waited for is over in milliseconds. */
async function untilMoment(moment: Moment, { random, usualMs, log, layout, number }: Moments): Promise<void> {
  if (moment === "blind") return sleep(random * 1.2 * usualMs);
  const isThere = {
    stopped: () => log().includes('"daemon stopped"') && isStopped(Number(/"pid":(\d+)/.exec(log())?.[1])),
    hurried: () => log().includes('"daemon stopped"'),
    receipt: () => readIfThere(join(layout.done, `${number}.json`)) !== "",
  }[moment];
  const giveUpMs = performance.now() + PATIENCE_MS;
  while (!isThere() && performance.now() < giveUpMs) await breathe();
  if (moment === "stopped") return;
  const untilMs = performance.now() + random * (moment === "receipt" ? 20 : 10);
  while (performance.now() < untilMs) await breathe();
}

async function isEnded(layout: Layout, number: number): Promise<boolean> {
  for (const untilMs = performance.now() + PATIENCE_MS; performance.now() < untilMs; await sleep(10)) {
    if ((await readEnding(realSystem(), layout, number)) !== undefined) return true;
  }
  return false;
}

/** Until no daemon owns the spool, and all are gone that have spoken. */
async function untilQuiet(layout: Layout, log: () => string): Promise<void> {
  const lives = (): boolean => [...log().matchAll(/"pid":(\d+)/g)].some(([, pid]) => signal(Number(pid), 0));
  while ((await livingOwner(realSystem(), layout)) !== undefined || lives()) await sleep(5);
}

function isStopped(pid: number): boolean {
  try {
    return execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).startsWith("T");
  } catch {
    // It has gone.
    return false;
  }
}

/** @returns false when there is no such process any more */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return pid > 0 && process.kill(pid, name);
  } catch {
    // ESRCH: that is the answer.
    return false;
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not yet.
    return "";
  }
}
