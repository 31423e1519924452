import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chance } from "../../support/scenery/chance.ts";
import type { Torture, TortureContext, TortureReport } from "../torture-context.ts";
import { type Listener, nothing, startListener } from "./listener.ts";

/** Events that never come: the daemon finds all by looking, and soon. */
export const events: Torture = {
  tells:
    "daemons whose watches hear nothing, and one whose queue of events overflows; rounds are tasks that come in silence",
  rounds: 40,
  run: (context) => tortureEvents(context, { daemons: 4, rescanMs: RESCAN_MS, slackMs: 2_000, flood: 20_000 }),
};

interface Size {
  readonly daemons: number;
  readonly rescanMs: number;
  /** What a task may take when it has been seen. */
  readonly slackMs: number;
  /** How many tasks come while a daemon is stopped; 0 for none. */
  readonly flood: number;
}

/** The setting's default. */
const RESCAN_MS = 15_000;
const SETTLE_MS = 1_000;
const PATIENCE_MS = 600_000;
const QUEUE = "/proc/sys/fs/inotify/max_queued_events";

/** Whether a daemon can be made deaf here. */
export function canDeafen(): boolean {
  return process.platform === "linux" && spawnSync("strace", ["-V"]).status === 0;
}

/** The torture in any size. */
export async function tortureEvents(context: TortureContext, size: Size): Promise<TortureReport> {
  if (!canDeafen()) return { faults: ["strace is missing: no daemon can be made deaf"], counts: {}, figures: {} };
  const faults: string[] = [];
  const counts = { deafened: 0, enqueued: 0, dropped: 0, flooded: 0, overflows: 0 };
  const worst = { enqueuedMs: 0, droppedMs: 0, afterFloodMs: 0, floodMs: 0 };
  const share = Math.ceil(context.rounds / size.daemons);
  await Promise.all(
    Array.from({ length: size.daemons }, (_, at) => listenToNothing(at, Math.min(share, context.rounds))),
  );
  if (size.flood > 0) await flood();
  return { faults, counts: { events: counts }, figures: { rescanMs: size.rescanMs, ...worst } };

  /** Tasks come one after the other, some at once after the last look, which is the worst moment. */
  async function listenToNothing(at: number, rounds: number): Promise<void> {
    const random = chance(context.seed + at);
    const daemon = await begin(`deaf${at}`, true);
    try {
      // Its workers must be there, and it must have been told that it hears: from then on it looks seldom.
      await (await daemon.spool.enqueue(nothing("first"), { sizes: false })).done();
      await sleep(500);
      for (let round = 0; round < rounds && daemon.lives(); round++) {
        if (random() < 0.5) await sleep(size.rescanMs * random());
        if (random() < 0.3) await dropOne(daemon, `drop${round}`);
        else await enqueueOne(daemon, `task${round}`);
        context.say(
          `${counts.enqueued + counts.dropped} tasks came in silence, the worst seen after ${worst.enqueuedMs} ms`,
        );
      }
      if (!daemon.lives()) faults.push("a deaf daemon has ended");
      if (daemon.deafened() === 0) faults.push("no watch was kept from a daemon");
      counts.deafened += daemon.deafened();
    } finally {
      await daemon.end();
    }
  }

  async function enqueueOne({ spool }: Listener, summary: string): Promise<void> {
    const ticket = await spool.enqueue(nothing(summary), { sizes: false });
    const ms = await took(ticket.done());
    worst.enqueuedMs = Math.max(worst.enqueuedMs, ms);
    counts.enqueued += 1;
    if (ms > size.rescanMs + size.slackMs) faults.push(`${summary} was seen after ${ms} ms`);
  }

  async function dropOne({ spool }: Listener, name: string): Promise<void> {
    const path = join(spool.directory, "tasks", `${name}.json`);
    await writeFile(`${path}.part`, JSON.stringify(nothing(name)));
    const before = receiptsIn(spool.directory);
    await rename(`${path}.part`, path);
    const ms = await took(until(() => receiptsIn(spool.directory) > before));
    worst.droppedMs = Math.max(worst.droppedMs, ms);
    counts.dropped += 1;
    if (ms > size.rescanMs + SETTLE_MS + size.slackMs) faults.push(`${name} was seen after ${ms} ms`);
  }

  /** More comes while the daemon is stopped than the kernel keeps for it. */
  async function flood(): Promise<void> {
    const daemon = await begin("flooded", false);
    try {
      await until(() => daemon.isWatching());
      await sleep(500);
      process.kill(daemon.pid, "SIGSTOP");
      context.say(`${size.flood} tasks come while the daemon is stopped`);
      const numbers = new Set<number>();
      const calls = Array.from({ length: size.flood }, async (_, at) => {
        numbers.add((await daemon.spool.enqueue(nothing(`flood ${at}`), { sizes: false })).number);
      });
      await Promise.all(calls);
      const isOverflown = daemon.isWatching() && numbers.size > Number(readFileSync(QUEUE, "utf8"));
      if (!isOverflown) faults.push("the queue of events did not overflow");
      counts.overflows += isOverflown ? 1 : 0;
      process.kill(daemon.pid, "SIGCONT");
      worst.floodMs = await took(until(() => receiptsIn(daemon.spool.directory) >= numbers.size));
      counts.flooded = receiptsIn(daemon.spool.directory);
      if (counts.flooded < numbers.size) faults.push(`of ${numbers.size} tasks ${counts.flooded} were done`);
      await sleep(3_000);
      const ms = await took((await daemon.spool.enqueue(nothing("after"), { sizes: false })).done());
      worst.afterFloodMs = ms;
      if (ms > size.rescanMs + size.slackMs) faults.push(`a task after the flood was seen after ${ms} ms`);
    } finally {
      await daemon.end();
    }
  }

  async function begin(name: string, isDeaf: boolean): Promise<Listener> {
    const directory = join(context.directory, name);
    await mkdir(directory);
    return startListener(directory, { isDeaf, rescanMs: size.rescanMs });
  }
}

function receiptsIn(spool: string): number {
  return readdirSync(join(spool, "done")).length;
}

async function took(work: Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await Promise.race([work, sleep(PATIENCE_MS, undefined, { ref: false })]);
  return Math.round(performance.now() - beganMs);
}

async function until(condition: () => boolean): Promise<void> {
  for (const giveUpAtMs = performance.now() + PATIENCE_MS; performance.now() < giveUpAtMs; await sleep(20))
    if (condition()) return;
}
