import { type ChildProcess, spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { describe, expect, it, onTestFinished } from "vitest";
import type { State } from "../../src/spool/layout.ts";
import { freshDirectory, launchDaemon, type RunningDaemon, startDaemon } from "../support/daemon.ts";
import { namesIn, placePicture, spoolIn, statesOf } from "../support/spool.ts";
import { workersOf } from "../support/workers.ts";

const KILLS = 16;
const PRODUCERS = ["anna", "ben", "cleo", "dan"];
const PRODUCER = fileURLToPath(new URL("../support/producer.ts", import.meta.url));

describe("killing the daemon and its workers at random moments under four producers", () => {
  it("loses no accepted task, leaves none in two states, and shows no torn output", { timeout: 400_000 }, async () => {
    const directory = await freshDirectory();
    await placePicture(join(directory, "quick.jpg"), { width: 900, height: 700 });
    await spoolIn(directory);
    const producers = PRODUCERS.map((name) => startProducer(join(directory, "spool"), name));
    const reader = startReader(join(directory, "out"));
    const random = seeded(20_091_121);

    let daemon = await startDaemon(directory);
    let daemonKills = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      await sleep(50 + random() * 300); // the random moment itself, not a wait for a condition
      if (random() < 0.4) {
        await killWorker(daemon, random);
        continue;
      }
      daemonKills += 1;
      process.kill(daemon.pid, "SIGKILL");
      await daemon.ended;
      expectEachOnce(await acceptedBy(producers), await statesOf(join(directory, "spool")));
      daemon = await startDaemon(directory);
    }

    for (const { child } of producers) child.kill("SIGTERM");
    await Promise.all(producers.map(({ ended }) => ended));
    process.kill(daemon.pid, "SIGTERM");
    expect(await daemon.ended).toBe(0);
    await launchDaemon(directory, ["--once"]).ended;
    const { seen, torn } = await reader.stop();

    const states = await statesOf(join(directory, "spool"));
    const accepted = await acceptedBy(producers);
    expect(daemonKills).toBeGreaterThan(4);
    expect(accepted.length).toBeGreaterThan(30);
    expect(new Set(accepted).size).toBe(accepted.length);
    for (const number of accepted)
      expect([number, states.get(number)]).toEqual([number, [expect.stringMatching(/^(done|failed)$/)]]);
    await expectOnlyCrashed(
      directory,
      [...states].filter(([, [state]]) => state === "failed").map(([number]) => number),
    );
    expect(torn).toEqual([]);
    expect(seen).toBeGreaterThan(30);
    expect((await readdir(join(directory, "out"))).filter((name) => name.startsWith("."))).toEqual([]);
    expect(await namesIn(directory, "active")).toEqual([]);
    expect(await namesIn(directory, "deferred")).toEqual([]);
  });
});

interface Producer {
  readonly child: ChildProcess;
  readonly accepted: number[];
  readonly ended: Promise<void>;
}

function startProducer(spool: string, name: string): Producer {
  const child = spawn(process.execPath, ["--import", "tsx", PRODUCER, spool, name], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const accepted: number[] = [];
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    accepted.push(...lines.map(Number));
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return { child, accepted, ended };
}

async function acceptedBy(producers: readonly Producer[]): Promise<number[]> {
  return producers.flatMap(({ accepted }) => accepted);
}

/** A task between its receipt and the unlink lies in both: the receipt decides, the next start only unlinks. */
function expectEachOnce(accepted: readonly number[], states: ReadonlyMap<number, readonly State[]>): void {
  for (const number of accepted) {
    const found = states.get(number)?.toSorted().join("+");
    expect([number, found]).toEqual([
      number,
      expect.stringMatching(/^(tasks|active|deferred|failed|done|active\+done)$/),
    ]);
  }
}

async function killWorker(daemon: RunningDaemon, random: () => number): Promise<void> {
  const workers = await workersOf(daemon.pid);
  const victim = workers[Math.floor(random() * workers.length)];
  if (victim !== undefined) process.kill(victim, "SIGKILL");
}

async function expectOnlyCrashed(directory: string, failed: readonly number[]): Promise<void> {
  for (const number of failed) {
    const reason = JSON.parse(await readFile(join(directory, `spool/failed/${number}.reason.json`), "utf8"));
    expect(["WORKER_CRASHED", "DAEMON_CRASHED"]).toContain(reason.error.code);
    expect(reason.attempts).toHaveLength(2);
  }
}

/** Decodes every output it finds, over and over: what has a final name must be whole at every moment. */
function startReader(place: string): { stop: () => Promise<{ seen: number; torn: string[] }> } {
  const torn: string[] = [];
  let seen = 0;
  let stopped = false;
  const work = (async () => {
    while (!stopped) {
      const names = await readdir(place).catch(() => []);
      for (const name of names.filter((each) => !each.startsWith("."))) {
        seen += 1;
        try {
          await sharp(await readFile(join(place, name)), { failOn: "warning" })
            .raw()
            .toBuffer();
        } catch (error) {
          torn.push(`${name}: ${String(error)}`);
        }
      }
      await sleep(20);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await work;
      return { seen, torn };
    },
  };
}

/** Uniform in [0, 1), the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
