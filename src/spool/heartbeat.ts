import * as nodeFs from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf } from "../errors.ts";
import { ignoring, type System } from "../system.ts";
import type { Layout } from "./layout.ts";

const HEARTBEAT_MS = 2_000;
/** The library's own takeover of a lock that has gone stale must never fire, however far the clock jumps. */
const NEVER_STALE_MS = 1e15;

/** Longer than three beats: a machine under load may miss one. */
const STILL_MS = 7_000;
const LOOK_EVERY_MS = 250;

/**
 * Whether the heartbeat of an owner on another machine is seen to move. Takes STILL_MS to say no, by the monotonic
 * clock: the two machines' clocks need not agree.
 */
export async function isBeating(system: System, layout: Layout): Promise<boolean> {
  const path = join(layout.run, "daemon.lock");
  const beat = async (): Promise<number | undefined> => (await ignoring(["ENOENT"], system.fs.lstat(path)))?.mtimeMs;
  const first = await beat();
  const endMs = system.monotonicMs() + STILL_MS;
  while (first !== undefined && system.monotonicMs() < endMs) {
    await sleep(LOOK_EVERY_MS);
    if ((await beat()) !== first) return true;
  }
  return false;
}

/**
 * Holds `run/daemon.lock` while the spool is owned. Only the owner may call this.
 * @param lost called when the directory was removed or touched by somebody else
 * @returns the way to release it
 */
export async function holdHeartbeat(system: System, layout: Layout, lost: () => void): Promise<() => Promise<void>> {
  const path = join(layout.run, "daemon.lock");
  // Left by a dead owner: we own the spool, so nobody else can be in the middle of taking it.
  await ignoring(["ENOENT"], system.fs.rmdir(path));
  // Only a daemon needs it.
  const { lock } = await import("proper-lockfile");
  const release = await lock(join(layout.run, "daemon"), {
    lockfilePath: path,
    realpath: false,
    stale: NEVER_STALE_MS,
    update: HEARTBEAT_MS,
    retries: 0,
    onCompromised: lost,
    fs: onlyRemovingOwn(path),
  });
  return async () => {
    // Already compromised: the directory is another's now, and the library refuses by itself.
    await release().catch((error: unknown) => {
      if (errnoOf(error) !== "ERELEASED" && errnoOf(error) !== "ENOTACQUIRED") throw error;
    });
  };
}

/** The library removes whatever lies at the path, also at process exit; a successor's lock must survive ours. */
function onlyRemovingOwn(path: string): typeof nodeFs {
  let own: string | undefined;
  // A successor's directory may get the inode that ours has freed, but it was not born at the same time.
  const identity = (): string | undefined => {
    const stat = nodeFs.statSync(path, { throwIfNoEntry: false });
    return stat && `${stat.ino} ${stat.birthtimeMs}`;
  };
  const isOwn = (): boolean => own !== undefined && identity() === own;
  const mkdir = (target: string, done: (error: NodeJS.ErrnoException | null) => void): void => {
    nodeFs.mkdir(target, (error) => {
      if (error === null) own = identity();
      done(error);
    });
  };
  const rmdir = (target: string, done: (error: NodeJS.ErrnoException | null) => void): void => {
    if (isOwn()) nodeFs.rmdir(target, done);
    else done(null);
  };
  const rmdirSync = (target: string): void => {
    if (isOwn()) nodeFs.rmdirSync(target);
  };
  return { ...nodeFs, mkdir, rmdir, rmdirSync } as unknown as typeof nodeFs;
}
