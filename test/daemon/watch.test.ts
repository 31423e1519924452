import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { SpoolEvent, SpoolEvents } from "../../src/index.ts";
import { layoutOf } from "../../src/spool/layout.ts";
import { watchSpool } from "../../src/spool/watch.ts";
import { freshDirectory, startDaemon, until } from "../support/daemon.ts";
import { startCompanion } from "../support/directories.ts";
import { placePicture, spoolIn } from "../support/spool.ts";
import { ENDS, ending, eventsUntil, watchCounting } from "../support/watching.ts";

const PRODUCER = new URL("../spool/producer-process.ts", import.meta.url);
const COUNT = 40;

const ends = (events: readonly SpoolEvent[]): SpoolEvent[] => events.filter(({ kind }) => ENDS.includes(kind));

/** All events until so many tasks have ended, and one that comes after them. */
async function eventsOfAll(events: SpoolEvents): Promise<SpoolEvent[]> {
  return eventsUntil(events, (_event, all) => ends(all).length === COUNT + 1);
}

describe("a watch in a program that runs no daemon", () => {
  it("tells each end once of a burst that others enqueue, while the daemon is killed amid it, with hints and without", async () => {
    const directory = await freshDirectory();
    await placePicture(join(directory, "in.jpg"));
    const spool = await spoolIn(directory);
    const hearing = eventsOfAll(ending(spool.watch()));
    const deaf = eventsOfAll(ending(watchSpool(watchCounting(true).system, layoutOf(spool.directory))));
    const producer = startCompanion(PRODUCER, [spool.directory, "enqueue", String(COUNT)]);
    const daemon = await startDaemon(directory);
    await until(async () => (await spool.counts()).done >= COUNT / 4);
    process.kill(daemon.pid, "SIGKILL");
    await daemon.ended;
    expect((await spool.counts()).done).toBeLessThan(COUNT);
    await startDaemon(directory);
    await producer.ended;
    await until(async () => (await spool.counts()).done === COUNT);
    const last = await spool.enqueue({ source: "none.jpg", outputs: [{ file: "none.png" }] });
    const numbers = Array.from({ length: COUNT }, (_, index) => index + 1);
    for (const told of [await hearing, await deaf]) {
      const done = ends(told).filter(({ kind }) => kind === "done");
      expect(done.map(({ number }) => number).sort((a, b) => Number(a) - Number(b))).toEqual(numbers);
      expect(ends(told).filter(({ kind }) => kind !== "done")).toMatchObject([{ kind: "failed", number: last.number }]);
    }
    expect((await hearing).some(({ kind }) => kind === "waiting")).toBe(true);
    expect((await hearing).some(({ kind }) => kind === "started")).toBe(true);
  });
});
