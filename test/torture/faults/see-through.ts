/** Sees a daemon through trouble, to the end of all work. */
import type { ChildProcess } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { drain } from "../crash/daemon-run.ts";
import { faultsAtRest } from "../crash/judge.ts";
import type { Lane } from "../crash/lane.ts";
import type { Expected } from "../crash/scene.ts";
import type { Reaction } from "./cells.ts";
import { hasResumed, isUgly, linesOf, reactionIn } from "./reaction.ts";

/** What was played, and what came of it. */
export interface Played {
  readonly reaction: Reaction;
  /** Calls that have failed, or whether the trouble was there. */
  readonly delivered: number;
  readonly faults: readonly string[];
}

interface Daemon {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly exit: number | string | null; readonly stderr: string }>;
}

interface Trouble {
  /** How often it was met so far. */
  hits(): Promise<number>;
  /** Takes it away. */
  take(): Promise<void>;
  /** How long it goes on after it has shown; null when it goes by itself. */
  readonly lastsMs: number | null;
  /** When all work is due, ms since epoch; left out when it is from the beginning. */
  readonly dueAtMs?: number;
}

const PATIENCE_MS = 40_000;
/** What a daemon in trouble may log until it is out of it. */
const MOST_LINES = 60;
/** A daemon that waits takes less of a core than this. */
const MOST_BUSY = 0.5;

export async function seeDaemonThrough(
  { lane, expected }: { readonly lane: Lane; readonly expected: Expected },
  { child, ended }: Daemon,
  trouble: Trouble,
): Promise<Played> {
  const faults: string[] = [];
  const lives = (): boolean => child.exitCode === null && child.signalCode === null;
  const all = expected.ends.size + expected.rejected.size;
  const isOver = async (): Promise<boolean> => !lives() || (await endedIn(lane)) >= all;
  const shows = async (): Promise<boolean> =>
    (await trouble.hits()) > 0 && reactionIn(await linesOf(lane)) !== "absorbed";
  await until(async () => (await isOver()) || (trouble.lastsMs !== null && (await shows())));
  if (trouble.lastsMs !== null && trouble.lastsMs > 0 && lives())
    faults.push(...(await spin(child.pid ?? 0, trouble.lastsMs)));
  const lines = (await linesOf(lane)).length;
  if (lines > MOST_LINES) faults.push(`${lines} lines of log`);
  const delivered = await trouble.hits();
  await trouble.take();
  await until(isOver);
  // The last thing that the log tells may be on its way.
  await until(async () => !lives() || hasResumed(await linesOf(lane)), 5_000);
  if (lives()) child.kill("SIGTERM");
  await until(async () => !lives(), PATIENCE_MS);
  if (lives()) faults.push("it did not end");
  if (lives()) child.kill("SIGKILL");
  const { exit, stderr } = await ended;
  const told = await linesOf(lane);
  const reaction = reactionIn(told);
  if (reaction.startsWith("ended")) {
    if (exit !== 74) faults.push(`it ended with ${exit}`);
    if (!stderr.includes(`[${reaction.split(" ")[1]}]`)) faults.push(`it said nothing of its end: ${stderr}`);
    // A daemon that does what is due now would leave the rest.
    await sleep(Math.max(0, (trouble.dueAtMs ?? 0) - Date.now()));
    faults.push(...(await drain(lane)));
  } else if (exit !== 0) faults.push(`it ended with ${exit}: ${stderr}`);
  else if (!hasResumed(told)) faults.push("it did not say that it goes on");
  if (isUgly(stderr)) faults.push(`it said: ${stderr}`);
  faults.push(...(await faultsInWork(lane, expected, reaction)));
  return { reaction, delivered, faults };
}

/** Waits, and looks whether a process does so too. */
async function spin(pid: number, ms: number): Promise<readonly string[]> {
  const before = await ticksOf(pid);
  await sleep(ms);
  const busy = (((await ticksOf(pid)) - before) * (1_000 / TICKS_PER_S)) / ms;
  return busy > MOST_BUSY ? [`it took ${Math.round(100 * busy)} % of a core while it could do nothing`] : [];
}

const TICKS_PER_S = 100;

/** Processor time so far (Linux); 0 when it is gone. */
async function ticksOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

/** A task that has failed for the trouble is as it should be. */
async function faultsInWork(lane: Lane, expected: Expected, reaction: Reaction): Promise<readonly string[]> {
  const [kind, code = ""] = reaction.split(" ");
  const found = await faultsAtRest(lane, { expected, memory: new Map() });
  const meant = `should have ended as done, once, and did as: ${code}`;
  const faults = kind === "failed" ? found.filter((fault) => !fault.endsWith(meant)) : [...found];
  const most = kind === "paused" || kind === "absorbed" ? 1 : 5;
  for (const name of await readdir(join(lane.spool, "done"))) {
    const { attempts, summary } = JSON.parse(await readFile(join(lane.spool, "done", name), "utf8"));
    if (summary !== "flaky" && attempts > most) faults.push(`"${summary}" took ${attempts} attempts`);
  }
  return faults;
}

/** How many tasks and drops have come to their end. */
async function endedIn({ spool }: Lane): Promise<number> {
  const names = (
    await Promise.all(["done", "failed", "rejected"].map((state) => readdir(join(spool, state)).catch(() => [])))
  ).flat();
  const active = await readdir(join(spool, "active")).catch(() => []);
  return names.filter((name) => !name.endsWith(".reason.json")).length - active.length;
}

export async function until(condition: () => Promise<boolean>, patienceMs = PATIENCE_MS): Promise<void> {
  for (const endMs = performance.now() + patienceMs; performance.now() < endMs; await sleep(20)) {
    if (await condition()) return;
  }
}
