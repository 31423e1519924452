import { join } from "node:path";
import { lock } from "proper-lockfile";
import { errnoOf } from "../errors.ts";
import type { Layout } from "./layout.ts";

/** A producer killed while holding the lock delays the others by this long at most; the library's own minimum. */
const STALE_MS = 2_000;

/** About 3 s of tries in all, so that every waiter outlives a dead holder. */
const RETRIES = { retries: 120, factor: 1.2, minTimeout: 1, maxTimeout: 40, randomize: true };

/**
 * Runs work while no other producer commits, so that numbers appear in the order in which they are given.
 * Order is all that the lock is for: numbers are unique by the sequence, and link cannot overwrite a task. So when
 * the lock is not to be had, the work is done without it rather than not at all.
 */
export async function withAddLock<T>(layout: Layout, work: () => Promise<T>): Promise<T> {
  const release = await tryLock(layout);
  try {
    return await work();
  } finally {
    await release?.().catch(ignoreLostLock);
  }
}

async function tryLock(layout: Layout): Promise<(() => Promise<void>) | undefined> {
  try {
    return await lock(join(layout.run, "add"), {
      lockfilePath: join(layout.run, "add.lock"),
      realpath: false,
      stale: STALE_MS,
      update: STALE_MS / 2,
      retries: RETRIES,
      onCompromised: () => {
        // Held for longer than STALE_MS, by a paused process: another one went on. Harmless, see above.
      },
    });
  } catch (error) {
    if (errnoOf(error) === "ELOCKED") return undefined;
    throw error;
  }
}

/** Releasing a lock that another process has taken over is no failure of the work. */
function ignoreLostLock(error: unknown): void {
  if (!["ERELEASED", "ENOTACQUIRED", "ENOENT"].includes(errnoOf(error) ?? "")) throw error;
}
