/**
 * A process that enqueues as fast as it can. Arguments: spool, ledger, name, seed, first, count, place at which it dies
 * (-1: nowhere). Begins when it is told to, and ends when its tasks are accepted.
 *
 * Where it dies it holds the add lock: at a random step of it, it writes that down and kills itself with SIGKILL.
 */

import { once } from "node:events";
import { existsSync, openSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { openSpool } from "../../../src/spool/spool.ts";
import { realSystem, type System } from "../../../src/system.ts";
import { chance } from "../../support/scenery/chance.ts";

const [, , directory = "", ledgerFile = "", name = "", seed = "0", first = "0", count = "0", dies = "-1"] =
  process.argv;
const ledger = openSync(ledgerFile, "a");
const random = chance(Number(seed));
let at = Number(first);
let diesAfter = Number.POSITIVE_INFINITY;

function note(...words: (string | number)[]): void {
  writeSync(ledger, `${words.join(" ")} ${process.hrtime.bigint()}\n`);
}

/** The steps under the lock are those that touch the sequence and tasks/. */
async function step<T>(path: string, work: () => Promise<T>): Promise<T> {
  const isUnderLock =
    /^sequence\./.test(basename(path)) || basename(dirname(path)) === "tasks" || basename(path) === "tasks";
  if (isUnderLock && diesAfter-- <= 0 && existsSync(join(directory, "run/add.lock"))) {
    note("dies", name);
    process.kill(process.pid, "SIGKILL");
  }
  return work();
}

function mortal(real: System): System {
  const { fs } = real;
  const rename = (from: string, to: string) => step(to, () => fs.rename(from, to));
  const open = (path: string, ...rest: []) => step(path, () => fs.open(path, ...rest));
  const link = (from: string, to: string) =>
    step(to, async () => {
      note("links", basename(to, ".json"));
      await fs.link(from, to);
      note("linked", basename(to, ".json"));
    });
  return {
    ...real,
    fs: { ...fs, ...({ rename, open, link } as unknown as Pick<typeof fs, "rename" | "open" | "link">) },
  };
}

/** Some of the calls overlap, and so share one hold of the lock. */
async function work(): Promise<void> {
  const spool = await openSpool(directory, mortal(realSystem()));
  process.send?.({ kind: "ready" });
  await once(process, "message");
  const end = at + Number(count);
  while (at < end) {
    const group = Math.min(end - at, random() < 0.3 ? 3 : 1);
    if (Number(dies) >= at && Number(dies) < at + group) diesAfter = Math.floor(3 * random());
    const calls = Array.from({ length: group }, async () => {
      const id = `${name}-${at++}`;
      note("asks", id);
      const task = { source: "in.jpg", outputs: [{ file: "out.jpg" }], summary: id };
      const { number } = await spool.enqueue(task, { sizes: false });
      note("got", id, number);
    });
    await Promise.all(calls);
  }
  process.disconnect();
}

await work();
