/** Everybody who may be killed, and how: a daemon with its workers, four producers, and a reader who looks on. */
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSpool } from "../../../src/index.ts";
import { placePicture } from "../../support/spool.ts";
import { workersOf } from "../../support/workers.ts";
import { JOURNAL_HANDLER } from "../checker/journal.ts";
import type { Evidence } from "../checker/verify.ts";
import { buildProducer, type Member, type Producer, startDaemonIn, startProducer, startReader } from "../live/crew.ts";
import { statusOf, within } from "../live/waiting.ts";
import type { Victims } from "./kills-plan.ts";

export interface Battlefield {
  readonly evidence: Omit<Evidence, "when">;
  /** Waits until the daemon is at work. @returns false when it never is */
  ready(): Promise<boolean>;
  /** How long it takes to get there from its start, about. */
  readonly usualStartMs: () => number;
  /** How long ago the daemon was started, in ms. */
  readonly ageMs: () => number;
  /** @returns what kept the kill from being delivered, or null. What was killed has ended by then. */
  kill(victims: Victims, choice: number): Promise<string | null>;
  /** Starts whoever is missing. */
  muster(): Promise<void>;
  /** Lets producers and the reader end, and a last daemon do what is left. @returns what went wrong */
  end(): Promise<readonly string[]>;
  /** Kills whoever is left. */
  clear(): Promise<void>;
}

const PRODUCERS = ["anna", "ben", "cleo", "dan"] as const;
const PAUSE_MS = 40;
const BACKLOG = 16;
const FIRST_START_MS = 700;
const PATIENCE_MS = 60_000;

/** @param settings of the daemon, as flags */
export async function openBattlefield(
  directory: string,
  {
    seed,
    workers,
    settings,
  }: { readonly seed: number; readonly workers: number; readonly settings: readonly string[] },
): Promise<Battlefield> {
  const spool = join(directory, "spool");
  const flags = ["--concurrency", String(workers), "--log-level", "warn", "--settle", "50", ...settings];
  await mkdir(join(directory, "out"), { recursive: true });
  await placePicture(join(directory, "quick.jpg"), { width: 640, height: 480 });
  await openSpool(spool);
  await mkdir(join(spool, "handlers"), { mode: 0o700 });
  await writeFile(join(spool, "handlers", "journal.js"), JOURNAL_HANDLER, { mode: 0o600 });
  const program = await buildProducer(directory);
  const ledgers = PRODUCERS.map((name) => join(directory, `ledger-${name}`));
  for (const ledger of ledgers) await appendFile(ledger, "");
  const sightings = join(directory, "reader");
  const reader = startReader(sightings, [join(directory, "out")]);
  const producers: Producer[] = [];
  let starts = 0;
  let daemon: Member | undefined;
  let startedAtMs = 0;
  let isReady = false;
  let usualStartMs = FIRST_START_MS;

  return {
    evidence: { spool, root: directory, ledgers, readers: [sightings], memory: new Map() },
    ready: untilAtWork,
    usualStartMs: () => usualStartMs,
    ageMs: () => performance.now() - startedAtMs,
    kill: (victims, choice) => (victims === "worker" ? killWorker(choice) : killMembers(victims, choice)),
    async muster() {
      for (const [index, name] of PRODUCERS.entries())
        if (!producers[index]?.lives()) producers[index] = recruit(name, index);
      if (daemon?.lives()) return;
      [startedAtMs, isReady] = [performance.now(), false];
      daemon = await startDaemonIn(directory, flags);
    },
    async end() {
      const isAtWork = await untilAtWork();
      for (const producer of producers) producer.order("stop");
      const faults = isAtWork ? [] : ["the daemon did not come to work"];
      faults.push(...(await endsOf(producers, "a producer")));
      daemon?.child.kill("SIGTERM");
      faults.push(...(await endsOf([daemon], "the daemon")));
      faults.push(...(await endsOf([await startDaemonIn(directory, [...flags, "--once"])], "the last daemon")));
      reader.child.kill("SIGTERM");
      return [...faults, ...(await endsOf([reader], "the reader"))];
    },
    async clear() {
      const all = [...producers, reader, ...(daemon === undefined ? [] : [daemon])];
      for (const { child } of all) child.kill("SIGKILL");
      await Promise.all(all.map(({ ended }) => ended));
    },
  };

  /** There is always something to do, so that one that does nothing is not there yet. */
  async function untilAtWork(): Promise<boolean> {
    if (isReady) return true;
    isReady = await within(PATIENCE_MS, async () => ((await statusOf(spool))?.running.length ?? 0) > 0);
    if (!isReady) return false;
    // One start may have been slow for reasons of its own.
    usualStartMs += 0.2 * (Math.min(performance.now() - startedAtMs, 2 * usualStartMs) - usualStartMs);
    return true;
  }

  function recruit(name: (typeof PRODUCERS)[number], index: number): Producer {
    starts += 1;
    const wish = { spool, ledger: ledgers[index] ?? "", name, mix: "kills" as const, seed: seed + starts };
    return startProducer(program, { ...wish, from: starts * 1_000_000, pauseMs: PAUSE_MS, backlog: BACKLOG });
  }

  async function killWorker(choice: number): Promise<string | null> {
    const pid = daemon?.pid ?? 0;
    // One that is just being replaced is looked for again.
    await within(PATIENCE_MS, async () => (await workersOf(pid)).length > 0);
    const pids = await workersOf(pid);
    const victim = pids[Math.floor(choice * pids.length)];
    if (victim === undefined || !strike(victim)) return "there was no worker to be killed";
    const isGone = await within(PATIENCE_MS, async () => !(await workersOf(pid)).includes(victim));
    return isGone ? null : "a worker outlived its kill";
  }

  /** All of them within one turn of this process. */
  async function killMembers(victims: Exclude<Victims, "worker">, choice: number): Promise<string | null> {
    const soldiers = victims === "producer" ? [producers[Math.floor(choice * producers.length)]] : [daemon];
    if (victims === "group") soldiers.push(...producers);
    const pids = victims === "group" ? await workersOf(daemon?.pid ?? 0) : [];
    for (const pid of [...soldiers.map((soldier) => soldier?.pid ?? 0), ...pids]) strike(pid);
    const ends = await Promise.all(soldiers.map((soldier) => soldier?.ended));
    const others = ends.filter((end) => end !== "SIGKILL");
    return others.length === 0 ? null : `of a ${victims} one had ended as ${others.join(", ")} before it was killed`;
  }
}

/** @returns whether there was such a process */
function strike(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself since it was listed.
    return false;
  }
}

async function endsOf(members: readonly (Member | undefined)[], who: string): Promise<string[]> {
  const ends = await Promise.all(members.map((member) => member?.ended));
  return ends.filter((end) => end !== 0).map((end) => `${who} ended with ${end}`);
}
