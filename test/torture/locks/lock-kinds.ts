/** The locks that are tortured, each in the same harness: the daemon's own, and the library's without what covers it. */
import { mkdir, readdir, readFile, rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lock } from "proper-lockfile";
import { openControlServer } from "../../../src/daemon/control-server.ts";
import { SpooldError } from "../../../src/errors.ts";
import type { DaemonStatus } from "../../../src/spool/control.ts";
import { acquireDaemonLock } from "../../../src/spool/daemon-lock.ts";
import { createSpool, layoutOf } from "../../../src/spool/layout.ts";
import { describeSelf } from "../../../src/spool/owner.ts";
import { realSystem } from "../../../src/system.ts";
import { type Delay, seenFrom, slowFs, slowSystem, type View } from "./delays.ts";

/** A lock that somebody holds, as its holder sees it. */
export interface Hold {
  /** Asked before each act: whether its holder may act. */
  isSure(): Promise<boolean>;
  letGo(): Promise<void>;
}

export interface LockKind {
  prepare(directory: string): Promise<void>;
  /** One try. @returns undefined while somebody has the lock, or may have it */
  take(directory: string, delay: Delay, view: View): Promise<Hold | undefined>;
  /** Leaves the lock as a process does that took it. @param pid of that process, which lives */
  leaveTo(directory: string, pid: number): Promise<void>;
  /** Lets the time pass after which a dead holder of this lock is one; none where the death itself is proof. */
  age(directory: string): Promise<void>;
}

export type LockName = "spoold" | "proper-lockfile";

export const LOCK_KINDS: Readonly<Record<LockName, LockKind>> = {
  spoold: {
    prepare: (directory) => createSpool(realSystem(), layoutOf(directory)),
    async take(directory, delay, view) {
      try {
        const system = seenFrom(view, slowSystem(delay));
        const held = await acquireDaemonLock(system, layoutOf(directory), () => undefined);
        // By which those tell that it lives who cannot see its process.
        const ear = await openControlServer(system, layoutOf(directory), () => ({}) as DaemonStatus);
        const letGo = async (): Promise<void> => {
          await ear?.close();
          await held.release();
        };
        return { isSure: held.isHeld, letGo };
      } catch (error) {
        if (error instanceof SpooldError && error.code === "SPOOL_LOCKED") return undefined;
        throw error;
      }
    },
    async leaveTo(directory, pid) {
      const { run } = layoutOf(directory);
      const found = (await readdir(run)).map((name) => /^owner\.(\d+)\.json$/.exec(name)?.[1] ?? "0");
      const stat = await readFile(`/proc/${pid}/stat`, "utf8");
      const pidStart = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
      const owner = { ...(await describeSelf(realSystem(), Math.max(0, ...found.map(Number)) + 1)), pid, pidStart };
      // Under its name at once, as the daemon's link does it: those who look must not find half of it.
      await writeFile(join(directory, "staged.json"), JSON.stringify(owner));
      await mkdir(join(run, "daemon.lock"), { recursive: true });
      await rename(join(directory, "staged.json"), join(run, `owner.${owner.generation}.json`));
    },
    age: async () => undefined,
  },
  "proper-lockfile": {
    prepare: (directory) => mkdir(directory).then(() => undefined),
    async take(directory, delay) {
      let compromised = false;
      const onCompromised = (): void => {
        compromised = true;
      };
      const options = { realpath: false, stale: STALE_MS, retries: 0, fs: slowFs(delay), onCompromised };
      try {
        const release = await lock(lockOf(directory), options);
        return { isSure: async () => !compromised, letGo: () => release().catch(() => undefined) };
      } catch (error) {
        // ENOENT: another one has removed the lock that this one had just made.
        if (["ELOCKED", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
        throw error;
      }
    },
    leaveTo: (directory) => mkdir(`${lockOf(directory)}.lock`, { recursive: true }).then(() => undefined),
    async age(directory) {
      const past = new Date(Date.now() - 2 * STALE_MS);
      await utimes(`${lockOf(directory)}.lock`, past, past);
    },
  },
};

/** The library's own minimum. */
export const STALE_MS = 2_000;

function lockOf(directory: string): string {
  return join(directory, "lock");
}
