import { setTimeout as sleep } from "node:timers/promises";
import { SpooldError } from "../errors.ts";
import { ignoring, type System } from "../system.ts";
import { readName } from "../task/name.ts";
import { type Layout, sequencePath } from "./layout.ts";
import { bootId } from "./owner.ts";
import { openPruned } from "./pruned.ts";

/**
 * The highest number given so far is the name of a file, `run/sequence.42`; giving a number is renaming it to the
 * next. Only one process can win such a rename, so that a number is never given twice even when a lock has failed.
 * Its content is the boot in which it was last known right: after a power cut the name may be older than the tasks.
 */
export interface Sequence {
  /** Gives `count` numbers in a row. @returns the first of them */
  reserve(count: number): Promise<number>;
  /** Makes sure that no number up to this one is ever given. A jump of over a million is taken for a slip. */
  raiseTo(number: number): Promise<void>;
  /** The highest number given. */
  highest(): Promise<number>;
}

/** A hand-dropped number this far above the sequence runs, but does not drag the sequence up. */
const MAX_JUMP = 1_000_000;

/** The highest number that a restored sequence may begin at: above it a number was somebody's slip. */
const MAX_RESTORED = 1e12;

/** Above 10^15 it is not ours: numbers must stay exact. */
const NAME = /^sequence\.(0|[1-9]\d{0,14})$/;

/** The sequence of a spool. Nothing is read before the first call. */
export function openSequence(system: System, layout: Layout): Sequence {
  const { fs } = system;
  let known: number | undefined;
  let trusted = false;

  return {
    async reserve(count) {
      await trust();
      return (await advance((highest) => highest + count)) - count + 1;
    },
    async raiseTo(number) {
      await trust();
      await advance((highest) => (number > highest + MAX_JUMP ? highest : Math.max(highest, number)));
    },
    async highest() {
      return find();
    },
  };

  /** Compare and swap by rename: ENOENT means that another process was faster, so look again. */
  async function advance(target: (highest: number) => number): Promise<number> {
    for (;;) {
      const highest = known ?? (await find());
      const next = target(highest);
      // What was given stays given: a number below the highest that was ever seen needs no other look.
      known = highest;
      if (next === highest) return highest;
      const moved = await ignoring(
        ["ENOENT"],
        fs.rename(path(highest), path(next)).then(() => true),
      );
      known = moved ? next : undefined;
      if (moved) return next;
    }
  }

  async function find(): Promise<number> {
    // A listing that races with a rename may show neither name, so one empty look proves nothing.
    for (let look = 0; look < 20; look++) {
      const found = (await fs.readdir(layout.run)).map((name) => Number(NAME.exec(name)?.[1] ?? -1));
      const highest = Math.max(-1, ...found);
      if (highest >= 0) return highest;
      await sleep(look);
    }
    return restore();
  }

  /** Somebody removed the file: begin again above every number that any state still holds. */
  async function restore(): Promise<number> {
    const highest = await highestInSpool(system, layout, MAX_RESTORED);
    const handle = await ignoring(["EEXIST"], fs.open(path(highest), "wx", 0o600));
    await handle?.close();
    return highest;
  }

  /** Once per process: after a reboot the name may have fallen behind the tasks, since it is not fsynced. */
  async function trust(): Promise<void> {
    if (trusted) return;
    const boot = await bootId(system);
    const highest = await find();
    const content = await ignoring(["ENOENT"], fs.readFile(path(highest), "utf8"));
    if (boot === null || content !== boot) {
      const inSpool = await highestInSpool(system, layout, highest + MAX_JUMP);
      await advance((now) => Math.max(now, inSpool));
      await stamp(boot ?? "");
    }
    trusted = true;
  }

  async function stamp(boot: string): Promise<void> {
    const handle = await ignoring(["ENOENT"], fs.open(path(await find()), "r+"));
    if (handle === undefined) return; // another process has just advanced it; the next one to start stamps it
    try {
      await handle.truncate(0);
      await handle.write(boot, 0);
    } finally {
      await handle.close();
    }
  }

  function path(highest: number): string {
    return sequencePath(layout.run, highest);
  }
}

/** The highest number up to `limit` that any state holds, or held before it was pruned; 0 for an empty spool. */
async function highestInSpool(system: System, layout: Layout, limit: number): Promise<number> {
  const { fs } = system;
  let highest = 0;
  for (const [, last] of await openPruned(system, layout).ranges()) if (last <= limit) highest = last;
  for (const state of [layout.tasks, layout.active, layout.deferred, layout.held, layout.failed, layout.done]) {
    const directory = await ignoring(["ENOENT"], fs.opendir(state, { bufferSize: 1_024 }));
    if (directory === undefined) throw new SpooldError("SPOOL_MISSING", { directory: state });
    for await (const entry of directory) {
      const kind = readName(entry.name);
      const number = kind.kind === "task" ? kind.entry.number : 0;
      if (number > highest && number <= limit) highest = number;
    }
  }
  return highest;
}
