import { stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { resolveSettings, type Settings } from "../../src/config.ts";
import type { DaemonContext } from "../../src/daemon/context.ts";
import { openPruning, type Pruning } from "../../src/daemon/pruning.ts";
import type { Layout } from "../../src/spool/layout.ts";
import { realSystem } from "../../src/system.ts";
import { receiptFor } from "../spool/stages.ts";
import { TASK_BYTES } from "../spool/task.ts";
import { freshDirectory, launchDaemon } from "../support/daemon.ts";
import { names, newSpool, put } from "../support/directories.ts";
import { failing, record } from "../support/recorder.ts";
import { namesIn, placePicture, quickTask, spoolIn } from "../support/spool.ts";

const HOUR_MS = 3_600_000;

async function placeReceipts(done: string, numbers: readonly number[], agoMs: number): Promise<void> {
  const at = new Date(Date.now() - agoMs);
  for (const number of numbers) {
    await utimes(await put(join(done, `${number}.json`), JSON.stringify(receiptFor(number))), at, at);
  }
}

interface Opened {
  readonly pruning: Pruning;
  readonly events: string[];
}

function open(layout: Layout, flags: Partial<Settings>, { system = realSystem(), isEnding = false } = {}): Opened {
  const settings = resolveSettings({ flags, env: {}, file: undefined }, { cores: 1, workingDirectory: "." });
  const events: string[] = [];
  const log = { event: (_level: string, name: string) => void events.push(name) };
  const lock = { isHeld: async () => true };
  // Of the context no more is used than this.
  const context = { system, layout, settings, lock, log } as unknown as DaemonContext;
  return { pruning: openPruning(context, () => isEnding), events };
}

async function run(...args: Parameters<typeof open>): Promise<readonly string[]> {
  const { pruning, events } = open(...args);
  pruning.start();
  await pruning.finish();
  await pruning.stop();
  return events;
}

describe("a daemon's own pruning", () => {
  it("forgets outputs that no task has asked for so long as the setting says", async () => {
    const layout = await newSpool();
    for (const [key, hours] of [
      ["old", 3],
      ["young", 1],
    ] as const) {
      const at = new Date(Date.now() - hours * HOUR_MS);
      await utimes(await put(join(layout.fresh, key), "{}"), at, at);
    }
    const keepAll = { keepDoneMs: 0, keepDoneCount: 0, keepDoneBytes: 0 };
    expect(await run(layout, { ...keepAll, keepFreshMs: 0 })).toEqual([]);
    expect(await names(layout.fresh)).toEqual(["old", "young"]);
    expect(await run(layout, { ...keepAll, keepFreshMs: 2 * HOUR_MS })).toEqual(["outputs forgotten"]);
    expect(await names(layout.fresh)).toEqual(["young"]);
  });

  it("keeps what the settings want, and in any case what has only just ended", async () => {
    const layout = await newSpool();
    await placeReceipts(layout.done, [1, 2], 3 * HOUR_MS);
    await placeReceipts(layout.done, [3], 2 * HOUR_MS);
    await placeReceipts(layout.done, [4], 0);
    expect(await run(layout, { keepDoneMs: 2.5 * HOUR_MS })).toEqual(["receipts pruned"]);
    expect(await names(layout.done)).toEqual(["3.json", "4.json"]);
    await utimes(join(layout.run, "pruned-at"), 1, 1);
    await run(layout, { keepDoneBytes: 1 });
    expect(await names(layout.done)).toEqual(["4.json"]);
  });

  it("is done once within an hour, however often a daemon starts", async () => {
    const layout = await newSpool();
    await run(layout, { keepDoneCount: 1 });
    await placeReceipts(layout.done, [1, 2, 3], HOUR_MS);
    expect(await run(layout, { keepDoneCount: 1 })).toEqual([]);
    expect(await names(layout.done)).toHaveLength(3);
    await utimes(join(layout.run, "pruned-at"), new Date(), new Date(Date.now() - HOUR_MS));
    expect(await run(layout, { keepDoneCount: 1 })).toEqual(["receipts pruned"]);
    expect(await names(layout.done)).toEqual(["3.json"]);
  });

  it("is off when no limit is set", async () => {
    const layout = await newSpool();
    await placeReceipts(layout.done, [1, 2], 1_000 * 24 * HOUR_MS);
    expect(await run(layout, { keepDoneMs: 0, keepDoneCount: 0, keepDoneBytes: 0 })).toEqual([]);
    expect(await names(layout.done)).toHaveLength(2);
  });

  it("ends at once when the daemon ends, and is due again then", async () => {
    const layout = await newSpool();
    await placeReceipts(layout.done, [1, 2], HOUR_MS);
    await run(layout, { keepDoneCount: 1 }, { isEnding: true });
    expect(await names(layout.done)).toHaveLength(2);
    await expect(stat(join(layout.run, "pruned-at"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("that fails is told, and stops nothing", async () => {
    const layout = await newSpool();
    await placeReceipts(layout.done, [1, 2], HOUR_MS);
    const broken = record(
      layout.root,
      failing("EACCES", (text) => text.startsWith("unlink done/")),
    );
    expect(await run(layout, { keepDoneCount: 1 }, { system: broken.system })).toEqual(["receipts not pruned"]);
  });

  it("comes to its end before a daemon that only drains, and no pruned number is run or given again", async () => {
    const directory = await freshDirectory();
    await placePicture(join(directory, "quick.jpg"));
    const spool = await spoolIn(directory);
    for (const name of ["1", "2", "3", "4"]) await spool.enqueue(quickTask(name), { sizes: false });
    // The first three have ended long ago; a fourth one waits, and another that comes after the first.
    for (const number of [1, 2, 3]) {
      const task = join(spool.directory, "tasks", `${number}.json`);
      await writeFile(task, number === 2 ? TASK_BYTES : JSON.stringify(quickTask(`copy of ${number}`)));
    }
    await placeReceipts(join(spool.directory, "done"), [1, 2, 3], 24 * HOUR_MS);
    const after = await spool.enqueue({ ...quickTask("after"), after: [1] }, { sizes: false });
    const daemon = launchDaemon(directory, ["--once", "--keep-done", "1000", "--settle", "200"]);
    expect(await daemon.ended).toBe(1);
    const pruned = daemon.lines().find(({ msg }) => msg === "receipts pruned");
    expect(pruned).toMatchObject({ removed: 3, kept: expect.any(Number) });
    expect(await after.done()).toMatchObject({ summary: "after" });
    const done = await namesIn(directory, "done");
    // The copy of 2 asks for a source that is not there.
    const failed = (await namesIn(directory, "failed")).filter((name) => !name.endsWith(".reason.json"));
    expect([done.length, failed.length]).toEqual([4, 1]);
    expect([...done, ...failed].sort()).toEqual(["4.json", "5.json", "6.json", "7.json", "8.json"]);
  });
});
