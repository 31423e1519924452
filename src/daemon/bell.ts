import { type FSWatcher, watch } from "chokidar";
import { isNetworkFileSystem } from "../spool/network-file-system.ts";
import type { DaemonContext } from "./context.ts";

/**
 * Tells that somebody has put something into `tasks/`. It only says "look": it carries no data and may miss events,
 * so the daemon lists the directory itself, after arming and on a timer.
 *
 * chokidar lists and stats the whole directory at every change. The bell is therefore armed only while little waits.
 */
export interface Bell {
  /** Arms the bell and resolves when it hears; look once more afterwards, before sleeping. Does nothing when armed or polling. */
  arm(): Promise<void>;
  /** Stops listening, for as long as the daemon looks by itself. */
  disarm(): Promise<void>;
  /** Whether there is no watcher to be had, so that the daemon must look more often. */
  isPolling(): boolean;
}

export interface BellOptions {
  readonly directory: string;
  readonly mode: "auto" | "poll";
  readonly ring: () => void;
  /** Told once, when the bell turns to polling by itself. */
  readonly polling: (because: string) => void;
  /** Makes a watcher; a seam for tests of the fault paths. */
  readonly makeWatcher?: (directory: string) => FSWatcher;
}

/** How long a watcher may take to hear: one whose first listing failed never says that it is ready. */
const READY_MS = 10_000;

/** The bell of a daemon at `tasks/`, which polls where the settings or the file system ask for it. */
export async function openTasksBell(context: DaemonContext, ring: () => void): Promise<Bell> {
  const { system, layout, settings, log } = context;
  const isNetwork = settings.watch === "auto" && (await isNetworkFileSystem(system, layout.tasks));
  const polling = (because: string): void => log.event("warn", "bell polling", { because });
  if (isNetwork) polling("a network file system tells of no changes made elsewhere");
  return openBell({ directory: layout.tasks, mode: isNetwork ? "poll" : settings.watch, ring, polling });
}

export function openBell(options: BellOptions): Bell {
  const { directory, ring, makeWatcher = watchNames } = options;
  let polling = options.mode === "poll";
  let watcher: FSWatcher | undefined;
  let giveUp = new AbortController();

  return {
    async arm() {
      if (polling || watcher !== undefined) return;
      const armed = tryToWatch();
      if (armed === undefined) return;
      watcher = armed;
      giveUp = new AbortController();
      armed.on("all", ring);
      // What the kernel tells of names, before chokidar has listed the directory to see what it means.
      armed.on("raw", (event) => {
        if (event === "rename") ring();
      });
      const problem = await readyOrProblem(armed, giveUp.signal);
      if (watcher !== armed) return; // disarmed meanwhile
      if (problem !== undefined) await turnToPolling(problem);
      else armed.on("error", (error) => void turnToPolling(String(error)));
    },
    async disarm() {
      const armed = watcher;
      watcher = undefined;
      giveUp.abort();
      await armed?.close();
    },
    isPolling: () => polling,
  };

  function tryToWatch(): FSWatcher | undefined {
    try {
      return makeWatcher(directory);
    } catch (error) {
      void turnToPolling(String(error));
      return undefined;
    }
  }

  async function turnToPolling(because: string): Promise<void> {
    if (polling) return;
    polling = true;
    options.polling(because);
    const broken = watcher;
    watcher = undefined;
    ring();
    await broken?.close();
  }
}

function watchNames(directory: string): FSWatcher {
  // It would watch another path, and say that all is well.
  if (directory.includes("\\")) throw new Error("chokidar takes a backslash for a slash");
  return watch(directory, {
    depth: 0,
    ignoreInitial: true,
    atomic: false,
    followSymlinks: false,
    awaitWriteFinish: false,
  });
}

function readyOrProblem(watcher: FSWatcher, disarmed: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(`not ready after ${READY_MS} ms`), READY_MS);
    const end = (problem: string | undefined): void => {
      clearTimeout(timer);
      watcher.off("ready", isReady);
      watcher.off("error", hasFailed);
      // Closing a broken watcher may emit errors; without a listener they would end the process.
      if (problem !== undefined) watcher.on("error", () => undefined);
      resolve(problem);
    };
    const isReady = (): void => end(undefined);
    const hasFailed = (error: unknown): void => end(String(error));
    watcher.on("ready", isReady);
    watcher.on("error", hasFailed);
    disarmed.addEventListener("abort", isReady, { once: true });
  });
}
