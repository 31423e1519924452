/**
 * Starts a daemon when tasks wait and none runs: one `spoold start --once` that goes on without the program which has
 * started it, and ends when nothing is left to do.
 *
 * Two programs may start one each at the same moment: one of them gets the spool, the other ends with 75 at once.
 * Whoever meets a living daemon starts none, even one that is about to end: having let go of the spool it looks once more.
 */
import { resolve } from "node:path";
import { SpooldError, toSpooldError } from "../errors.ts";
import { ignoring, type System } from "../system.ts";
import { livingOwner } from "./daemon-lock.ts";
import { launchDetached } from "./launch.ts";
import type { Layout } from "./layout.ts";
import { somethingWaits } from "./waiting.ts";

/** How a daemon is started. It has the working directory of the program, where relative paths in tasks begin. */
export interface AutostartOptions {
  /** Settings of the daemon, as `spoold start` takes them: `["--concurrency", "2"]`. */
  readonly args?: readonly string[];
  /** Where its log lines go; default nowhere, unless the spool's `spoold.json` names a file. */
  readonly logFile?: string;
  /** Its environment; default that of this program at the time of the start. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Told when it could not be started or has broken down; default a warning of the process. */
  readonly onError?: (error: SpooldError) => void;
}

/** What starts daemons on one spool for one process. */
export interface Starter {
  /** Starts a daemon when tasks wait and none runs; calls that come while one is looking share the next look. Never rejects. */
  wake(options: AutostartOptions): Promise<void>;
}

/** A daemon that leaves tasks behind cannot run them yet: the next one is started at once, later ones ever more slowly. */
const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 60_000;
/** Ends that are none of the program's business: all done, a task has failed, another daemon has the spool. */
const ORDERLY: ReadonlySet<number | null> = new Set([0, 1, 75]);

/** For how long no daemon is started after one that has left something behind. */
interface Rest {
  readonly ms: number;
  readonly untilMs: number;
  /** When `tasks/` had changed last: it ends when something new comes; null when that is no reason, for it broke down. */
  readonly seen: number | undefined | null;
}

const starters = new Map<string, Starter>();

/** The starter of a spool, the same one for all of this process. */
export function starterOf(system: System, layout: Layout): Starter {
  const known = starters.get(layout.root) ?? createStarter(system, layout);
  starters.set(layout.root, known);
  return known;
}

/**
 * A starter that knows of no other; see `starterOf`.
 * @param launch a seam for tests
 */
export function createStarter(system: System, layout: Layout, launch = launchDetached): Starter {
  let looking: Promise<void> | undefined;
  let nextLook: Promise<void> | undefined;
  let isOurs = false;
  /** Who has asked while a daemon of ours was running: it may have been at its end already. */
  let missed: AutostartOptions | undefined;
  let rest: Rest | undefined;
  let willLook = false;
  let warned = "";

  return { wake };

  function wake(options: AutostartOptions): Promise<void> {
    if (looking === undefined) {
      looking = look(options)
        .catch((error: unknown) => tell(options, error))
        .finally(() => {
          looking = undefined;
        });
      return looking;
    }
    // The look under way may have passed the place where the caller's task has appeared.
    nextLook ??= looking.then(() => {
      nextLook = undefined;
      return wake(options);
    });
    return nextLook;
  }

  async function look(options: AutostartOptions): Promise<void> {
    if (isOurs) {
      missed = options;
      return;
    }
    if ((await ignoring(["ENOENT", "ENOTDIR"], system.fs.lstat(layout.pauseFile))) !== undefined) return;
    if (!(await somethingWaits(system, layout))) return;
    // To be asked after the look: who runs now will see what was there before.
    if ((await livingOwner(system, layout)) !== undefined) return;
    if (await isResting(options)) return;
    isOurs = true;
    await launch(system, layout, commandOf(options), ended).catch((error: unknown) => {
      isOurs = false;
      throw error;
    });

    async function ended(code: number | null, signal: NodeJS.Signals | null, says: string): Promise<void> {
      const isOrderly = ORDERLY.has(code);
      if (!isOrderly) tell(options, new SpooldError("AUTOSTART_FAILED", { exitCode: code, signal, says }));
      await hearOfEnd(isOrderly).catch((error: unknown) => tell(options, error));
    }
  }

  async function hearOfEnd(isOrderly: boolean): Promise<void> {
    try {
      const waits = await somethingWaits(system, layout);
      const ms = rest === undefined ? 0 : Math.min(Math.max(rest.ms * 2, FIRST_REST_MS), LONGEST_REST_MS);
      const seen = isOrderly ? await changedMs() : null;
      rest = waits ? { ms, untilMs: system.monotonicMs() + ms, seen } : undefined;
    } finally {
      isOurs = false;
    }
    const asked = missed;
    missed = undefined;
    if (asked !== undefined) await wake(asked);
  }

  /** Whether what waits is only what the last daemon has left behind, not long ago. */
  async function isResting(options: AutostartOptions): Promise<boolean> {
    const remainingMs = rest === undefined ? 0 : rest.untilMs - system.monotonicMs();
    if (rest === undefined || remainingMs <= 0) return false;
    if (rest.seen !== null && (await changedMs()) !== rest.seen) return false;
    if (!willLook) {
      willLook = true;
      setTimeout(() => {
        willLook = false;
        void wake(options);
      }, remainingMs).unref();
    }
    return true;
  }

  async function changedMs(): Promise<number | undefined> {
    return (await ignoring(["ENOENT"], system.fs.lstat(layout.tasks)))?.mtimeMs;
  }

  function commandOf({ args = [], logFile, env }: AutostartOptions): Parameters<typeof launchDetached>[2] {
    const log = logFile === undefined ? [] : ["--log-file", resolve(logFile)];
    return { args: ["start", "--once", "--spool", layout.root, ...log, ...args], env: env ?? process.env };
  }

  function tell({ onError = warnOnce }: AutostartOptions, error: unknown): void {
    try {
      onError(toSpooldError(error, "AUTOSTART_FAILED", { spool: layout.root }));
    } catch (fault) {
      // Nobody waits for this promise: thrown on, it would end the program.
      process.emitWarning(fault instanceof Error ? fault : String(fault));
    }
  }

  /** What is wrong is wrong at each request. */
  function warnOnce({ code, message }: SpooldError): void {
    if (message !== warned) process.emitWarning(message, { type: "SpooldWarning", code });
    warned = message;
  }
}
