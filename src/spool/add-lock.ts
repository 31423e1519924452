import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf } from "../errors.ts";
import { ignoring, type System } from "../system.ts";
import type { Layout } from "./layout.ts";

/** How often a holder shows that it lives; the library's own minimum. */
const HEARTBEAT_MS = 1_000;
/** A lock that looks the same for this long is that of a dead holder. */
const STILL_MS = 1_300;
/** So that nobody waits for 2 s where only the order is at stake, whoever dies with the lock and whoever else waits. */
const PATIENCE_MS = 1_500;
/** The longest pause between two tries. */
const MAX_PAUSE_MS = 40;
/**
 * The library tells the age of a lock by the wall clock: one that jumps ahead would rob a living holder, and one that is
 * set back would keep the lock of a dead one for as long. So its own takeover is made never to fire.
 */
const NEVER_STALE_MS = 1e15;

/** Once it is needed: it listens to signals as soon as it is loaded, and most processes never take the lock. */
const library = lazy(() => import("proper-lockfile"));

/**
 * Runs work while no other producer commits. Numbers are unique by the sequence, and link cannot overwrite a task: for
 * most commits the lock is only there so that numbers appear in the order in which they are given. Such work is done
 * without it rather than late.
 * @param isNeeded whether the work would go wrong beside that of others, and waits for as long as they hold the lock
 */
export async function withAddLock<T>(
  system: System,
  layout: Layout,
  work: () => Promise<T>,
  isNeeded = false,
): Promise<T> {
  const release = await tryLock(system, layout, isNeeded ? Number.POSITIVE_INFINITY : PATIENCE_MS);
  try {
    return await work();
  } finally {
    await release?.().catch(ignoreLostLock);
  }
}

async function tryLock(system: System, layout: Layout, patienceMs: number): Promise<(() => Promise<void>) | undefined> {
  const isStill = stillness(system, pathOf(layout));
  const giveUpAtMs = system.monotonicMs() + patienceMs;
  for (let pauseMs = 1; ; pauseMs = Math.min(1.2 * pauseMs, MAX_PAUSE_MS)) {
    try {
      return await take(system, layout);
    } catch (error) {
      if (errnoOf(error) !== "ELOCKED" && !wasRemoved(error)) throw error;
    }
    // Two may find it still at once, and the slower one remove what the faster one has made.
    if (await isStill()) await ignoring(["ENOENT"], system.fs.rmdir(pathOf(layout)));
    else if (system.monotonicMs() >= giveUpAtMs) return undefined;
    else await sleep(pauseMs * (0.5 + system.random()));
  }
}

/** Another one has removed what was just made, for it took it for the lock of a dead holder. */
function wasRemoved(error: unknown): boolean {
  return errnoOf(error) === "ENOENT" && error instanceof Error && "syscall" in error && error.syscall !== "mkdir";
}

async function take({ withCallbacks }: System, layout: Layout): Promise<() => Promise<void>> {
  const { lock } = await library();
  return lock(join(layout.run, "add"), {
    ...(withCallbacks !== undefined && { fs: withCallbacks }),
    lockfilePath: pathOf(layout),
    realpath: false,
    stale: NEVER_STALE_MS,
    update: HEARTBEAT_MS,
    retries: 0,
    onCompromised: () => {
      // Held by a process that was paused for longer than STILL_MS: another one went on.
    },
  });
}

/** @returns tells at each call whether what lies at a path has looked the same, call after call, for STILL_MS */
function stillness(system: System, path: string): () => Promise<boolean> {
  let seen = { as: "", sinceMs: 0 };
  return async () => {
    const stat = await ignoring(["ENOENT"], system.fs.lstat(path));
    const as = stat === undefined ? "nothing" : `${stat.ino} ${stat.birthtimeMs} ${stat.mtimeMs}`;
    if (as !== seen.as) seen = { as, sinceMs: system.monotonicMs() };
    return stat !== undefined && system.monotonicMs() - seen.sinceMs >= STILL_MS;
  };
}

/** Asked for again, an import takes a tenth of what a whole commit takes. */
function lazy<T extends object>(load: () => Promise<T>): () => T | Promise<T> {
  let loaded: T | undefined;
  return () => loaded ?? load().then((found) => (loaded = found));
}

function pathOf(layout: Layout): string {
  return join(layout.run, "add.lock");
}

/** Releasing a lock that another process has taken over is no failure of the work. */
function ignoreLostLock(error: unknown): void {
  if (!["ERELEASED", "ENOTACQUIRED", "ENOENT"].includes(errnoOf(error) ?? "")) throw error;
}
