import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createSpool, layoutOf } from "../../../src/spool/layout.ts";
import { realSystem } from "../../../src/system.ts";
import { chance } from "../../support/scenery/chance.ts";
import { programOf } from "../players.ts";
import type { Torture, TortureContext, TortureReport } from "../torture-context.ts";
import { jumpOverAddLock } from "./add-lock-jumps.ts";
import { rewriteDrop, SETTLE_MS, versionsDone } from "./drops.ts";
import { startProducer } from "./producer.ts";
import { type WallClock, wallClockIn } from "./wall-clock.ts";

/** The wall clock jumps by an hour and by ten years, both ways, under a daemon, its producers and its rivals. */
export const clock: Torture = {
  tells: "jumps of the wall clock by an hour and by ten years under a daemon and producers; needs libfaketime",
  rounds: 24,
  run: (context) => tortureClock(context, { offsets: OFFSETS, holds: HOLDS }),
};

interface Size {
  /** Between which the clock jumps, ms from the true time. */
  readonly offsets: readonly number[];
  /** Over which jumps the add lock is held, from and to. */
  readonly holds: readonly (readonly [number, number])[];
}

const HOUR_MS = 3_600_000;
/** As calendars count it. */
export const DECADE_MS = 10 * 365.25 * 24 * HOUR_MS;
const OFFSETS = [0, HOUR_MS, -HOUR_MS, DECADE_MS, -DECADE_MS];
const HOLDS = [
  [0, HOUR_MS],
  [HOUR_MS, 0],
  [0, DECADE_MS],
  [0, -DECADE_MS],
] as const;
/** Nothing is stuck for longer. */
const STUCK_MS = 15_000;
/** After so long it is no matter by how much. */
const PATIENCE_MS = 30_000;
const BIN = fileURLToPath(new URL("../../../bin/spoold.js", import.meta.url));
const SETTINGS = ["--concurrency", "2", "--settle", String(SETTLE_MS), "--backoff", "6000", "--log-file", "log.txt"];

/** Fails at its first attempt where it is told to. */
const WORK = `export default async ({ data, attempt }) => {
  if (data?.fails && attempt === 1) throw new Error("not yet");
  return null;
};
`;

/** The torture in any size. */
export async function tortureClock(
  { directory, seed, rounds, say }: TortureContext,
  { offsets, holds }: Size,
): Promise<TortureReport> {
  const wall = wallClockIn(directory);
  if (wall === undefined) return { faults: ["libfaketime is missing: the clock cannot jump"], counts: {}, figures: {} };
  const program = await programOf(new URL("./citizen.ts", import.meta.url), directory);
  const spool = await placeSpool(directory);
  const random = chance(seed);
  const faults: string[] = [];
  const counts = { jumps: 0, rivals: 0, drops: 0, steadyDrops: 0, retries: 0, timed: 0, scheduled: 0 };
  const longest = { stuckMs: 0, deadAddLockMs: 0 };
  const daemon = startDaemon(directory, wall);
  const producer = await startProducer(program, spool, wall.env);
  let offsetMs = 0;
  try {
    await until(() => existsSync(join(directory, "log.txt")));
    for (let round = 0; round < rounds; round++) {
      const others = offsets.filter((each) => each !== offsetMs);
      const toMs = others[Math.floor(random() * others.length)] ?? 0;
      await playRound(round, offsetMs, toMs);
      offsetMs = toMs;
      counts.jumps += 1;
      say(`jump ${round + 1}, now ${offsetMs / HOUR_MS} h off: ${faults.length} faults`);
    }
    if (daemon.exitCode !== null) faults.push(`the daemon ended with ${daemon.exitCode}`);
  } finally {
    await producer.end();
    const ended = once(daemon, "exit");
    if (daemon.kill("SIGKILL")) await ended;
  }
  for (const [fromMs, toMs] of holds) {
    const at = join(directory, `add-lock-${fromMs}-${toMs}`);
    await createSpool(realSystem(), layoutOf(at));
    const end = await jumpOverAddLock(at, { program, clock: wall, fromMs, toMs });
    faults.push(...end.faults);
    longest.deadAddLockMs = Math.max(longest.deadAddLockMs, Math.round(end.waitedMs));
  }
  return { faults, counts: { clock: counts }, figures: longest };

  /** What is under way before the jump comes to its end soon after it. */
  async function playRound(round: number, fromMs: number, toMs: number): Promise<void> {
    const name = `drop${round}`;
    const { retry } = await deferredRetry(round);
    const drop = rewriteDrop(spool, name, random);
    const isAhead = toMs > fromMs;
    const runAt = new Date(Date.now() + fromMs + HOUR_MS / 2).toISOString();
    await sleep(50 + 400 * random());
    const timed = isAhead ? producer.ask(`timed ${round}`, { runAt }) : undefined;
    await sleep(100);
    const schedule = await linesOf("schedule enqueued");
    wall?.set(toMs);
    const jumpedMs = performance.now();
    await startRival();
    await within(retry, `the retry of round ${round}`, jumpedMs);
    await within(producer.ask(`after ${round}`), `a task after jump ${round}`, performance.now());
    if (timed !== undefined) await within(timed, `a task of round ${round} whose time has come`, jumpedMs);
    const rewritten = await drop;
    await within(
      until(() => versionsDone(spool, name).length > 0),
      name,
      rewritten.leftMs + SETTLE_MS,
    );
    await sleep(50);
    const done = versionsDone(spool, name);
    counts.drops += 1;
    counts.retries += 1;
    if (timed !== undefined) counts.timed += 1;
    if (rewritten.isSteady) counts.steadyDrops += 1;
    if (rewritten.isSteady && done.join() !== rewritten.last) faults.push(`${name} was taken early: ${done.join()}`);
    // A clock that is set back by an hour lets nothing run twice: the schedule is silent for that hour, as is promised.
    if (!isAhead && fromMs - toMs <= 24 * HOUR_MS) return;
    await within(
      until(async () => (await linesOf("schedule enqueued")) > schedule),
      "the schedule",
      jumpedMs,
    );
    counts.scheduled += 1;
  }

  /** A task that has failed once and waits for its time; its backoff is a random one, and may be none. */
  async function deferredRetry(round: number): Promise<{ readonly retry: Promise<void> }> {
    for (let time = 0; ; time++) {
      let isDone = false;
      const retry = producer.ask(`retry ${round} ${time}`, { data: { fails: true } }).then(() => {
        isDone = true;
      });
      const isDeferred = async (): Promise<boolean> =>
        (await readdir(join(spool, "deferred"))).some((file) => file.includes(".a2."));
      await until(async () => isDone || (await isDeferred()));
      if (!isDone) return { retry };
    }
  }

  /** A second daemon ends at once, whatever the clock says. */
  async function startRival(): Promise<void> {
    const rival = startDaemon(directory, wall as WallClock, ["--log-file", "rival.txt"]);
    const [code] = (await once(rival, "exit")) as [number | null];
    counts.rivals += 1;
    if (code !== 75) faults.push(`a second daemon ended with ${code}`);
  }

  async function within(work: Promise<unknown>, what: string, sinceMs: number): Promise<void> {
    const ended = await Promise.race([work.then(() => true), sleep(PATIENCE_MS, false)]);
    const ms = Math.round(performance.now() - sinceMs);
    longest.stuckMs = Math.max(longest.stuckMs, ms);
    if (!ended || ms > STUCK_MS) faults.push(`${what} was stuck for ${ended ? "" : "over "}${ms} ms`);
  }

  async function linesOf(msg: string): Promise<number> {
    return (await readFile(join(directory, "log.txt"), "utf8")).split(`"msg":"${msg}"`).length - 1;
  }
}

async function placeSpool(directory: string): Promise<string> {
  const { root, handlers, scheduleFile } = layoutOf(join(directory, "spool"));
  await createSpool(realSystem(), layoutOf(root));
  await mkdir(handlers, { mode: 0o700 });
  await writeFile(join(handlers, "work.js"), WORK, { mode: 0o600 });
  const task = { handler: "work", reads: [], writes: [], supplicant: "schedule" };
  await writeFile(scheduleFile, JSON.stringify({ entries: { often: { cron: "*/2 * * * * *", task } } }));
  return root;
}

function startDaemon(directory: string, { env }: WallClock, more: readonly string[] = []): ChildProcess {
  const options = { cwd: directory, env: { ...process.env, ...env }, stdio: "ignore" } as const;
  return spawn(process.execPath, [BIN, "start", ...SETTINGS, ...more], options);
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAtMs = performance.now() + PATIENCE_MS;
  while (!(await condition()) && performance.now() < giveUpAtMs) await sleep(20);
}
