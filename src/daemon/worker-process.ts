import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { SerializedError } from "../errors.ts";
import { readMessage } from "../worker/message.ts";
import type { AttemptId, RunRequest, RunResult, WorkerMessage } from "../worker/protocol.ts";

/** How an attempt that was given to a worker ended. */
export type WorkEnd =
  | RunResult
  | { readonly kind: "timedOut"; readonly timeoutMs: number }
  | { readonly kind: "crashed"; readonly exitCode: number | null; readonly signal: string | null }
  /** `beside`: the worker went down with another task of which it was at the pixels. */
  | { readonly kind: "interrupted"; readonly beside?: true };

/** One child process that touches pixels. It is at the pixels of one task, while files of others are being written. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** How many attempts it was given that have not ended. */
  unended(): number;
  /** Whether it may be given another attempt. */
  isFree(): boolean;
  /** Runs one attempt on a free worker; the child is killed when the deadline passes. */
  run(request: RunRequest, timeoutMs: number): Promise<WorkEnd>;
  /** Kills the child when it is at the pixels of this attempt, which then ends as interrupted. */
  abandon(id: AttemptId): void;
  /** Kills the child at once: the attempt whose pixels it is at ends as told, others as interrupted. */
  kill(end: WorkEnd): void;
  /** Kills the child; resolves when it is gone. */
  close(): Promise<void>;
}

export interface WorkerEvents {
  readonly ready: () => void;
  /** It may be given another attempt than a moment ago, or it has come to rest. */
  readonly free: () => void;
  readonly unusable: (error: SerializedError) => void;
  readonly gone: (exitCode: number | null, signal: string | null) => void;
}

/** An attempt that has not ended. */
interface Run extends AttemptId {
  readonly finish: (end: WorkEnd) => void;
}

/** The built entry file: at the same depth from the source tree and from the built one. */
const ENTRY = fileURLToPath(new URL("../../dist/worker/main.js", import.meta.url));

/** What a child needs of the environment, and nothing else of it: no secrets, no loosened limits. */
const PASSED_ON = ["PATH", "TMPDIR", "LANG", "TZ", "LD_LIBRARY_PATH", "FONTCONFIG_PATH"] as const;

/**
 * glibc's allocator, told to keep what it has for the next picture: without the thresholds each picture's memory goes
 * back to the system and is faulted in again, which took a twentieth of a worker's time.
 */
const ALLOCATOR = {
  MALLOC_ARENA_MAX: "2",
  MALLOC_MMAP_THRESHOLD_: String(32 * 1024 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(128 * 1024 * 1024),
};

/**
 * V8 counts the pixels that Buffers hold as its own and collects everything that lives once for each picture, which took
 * as much again. With this room, in MiB, the quick collections of young objects are enough.
 */
const HEAP = ["--initial-old-space-size=64"];

/** How long a child may take until it is ready. */
const READY_MS = 30_000;

/** Attempts whose files may be waiting for the disk while the next one's pixels are made. */
const MAX_WRITING = 2;

/** Starts a child. What it does wrong before it is ready, even not starting at all, is told by `gone`. */
export function startWorker(env: NodeJS.ProcessEnv, events: WorkerEvents): WorkerProcess {
  const child = forkOrNothing(env);
  let state: "starting" | "ready" | "gone" = "starting";
  let atPixels: Run | undefined;
  const writing: Run[] = [];
  let verdict: ((run: Run) => WorkEnd) | undefined;
  const readyDeadline = setTimeout(() => child?.kill("SIGKILL"), READY_MS);
  const gone = new Promise<void>((resolve) => {
    const end = (exitCode: number | null, signal: string | null): void => {
      if (state === "gone") return;
      clearTimeout(readyDeadline);
      state = "gone";
      finishAll(verdict ?? blame({ kind: "crashed", exitCode, signal }));
      events.gone(exitCode, signal);
      resolve();
    };
    child?.once("exit", end);
    // A spawn that fails tells of an error and never of an exit; any other error is followed by the exit.
    child?.on("error", () => (child.pid === undefined ? end(null, null) : child.kill("SIGKILL")));
    if (child === undefined) setImmediate(() => end(null, null));
  });
  child?.on("message", (message) => hear(readMessage(message)));

  return {
    pid: child?.pid,
    unended: () => writing.length + (atPixels === undefined ? 0 : 1),
    isFree,
    async run(request, timeoutMs) {
      // It died while it was idle: this task never began, so it is not to blame.
      if (child === undefined || !isFree()) return { kind: "interrupted" };
      const { number, attempt } = request;
      let run: Run | undefined;
      const deadline = setTimeout(() => condemn(over(run, { kind: "timedOut", timeoutMs })), timeoutMs);
      try {
        return await new Promise<WorkEnd>((finish) => {
          const begun: Run = { number, attempt, finish };
          run = begun;
          atPixels = begun;
          // What was never handed over did not begin either.
          child.send(request, (error) => error !== null && condemn(over(begun, { kind: "interrupted" })));
        });
      } finally {
        clearTimeout(deadline);
      }
    },
    abandon(id) {
      if (atPixels !== undefined && isSame(atPixels, id)) condemn(over(atPixels, { kind: "interrupted" }));
    },
    kill: (end) => condemn(over(atPixels, end)),
    async close() {
      condemn(() => ({ kind: "interrupted" }));
      await gone;
    },
  };

  function hear(message: WorkerMessage | undefined): void {
    // After a kill the verdict stands: an answer that crossed it came too late, and its temporaries are swept.
    if (verdict !== undefined || state === "gone") return;
    if (state === "starting" && message?.kind === "ready") {
      state = "ready";
      clearTimeout(readyDeadline);
      events.ready();
    } else if (state === "starting" && message?.kind === "unusable") {
      events.unusable(message.error);
    } else if (message?.kind === "rendered" && atPixels !== undefined && isSame(atPixels, message)) {
      writing.push(atPixels);
      atPixels = undefined;
      events.free();
    } else if (message?.kind !== "ended" || !hearOfEnd(message, message.result)) {
      // Out of turn, or no message of ours: whoever speaks here is no longer our program.
      child?.kill("SIGKILL");
    }
  }

  /** @returns false when no such attempt is under way */
  function hearOfEnd(id: AttemptId, result: RunResult): boolean {
    const place = writing.findIndex((run) => isSame(run, id));
    const run = place >= 0 ? writing.splice(place, 1)[0] : atPixels;
    if (run === undefined || !isSame(run, id)) return false;
    // Prepared without having told that it was rendered is out of turn too.
    if (run === atPixels && result.kind === "prepared") return false;
    if (run === atPixels) atPixels = undefined;
    run.finish(result);
    events.free();
    return true;
  }

  function isFree(): boolean {
    return state === "ready" && verdict === undefined && atPixels === undefined && writing.length < MAX_WRITING;
  }

  /** Attempts end when the child is gone, and no sooner: until then it may still write their temporaries. */
  function condemn(sentence: (run: Run) => WorkEnd): void {
    verdict ??= sentence;
    child?.kill("SIGKILL");
  }

  /**
   * For a child that died by itself: the pixels it was at are to blame, else the last ones it made, and nobody else.
   * What was being written beside them is not, but it is run alone next time: else one who lies about being rendered
   * could put the blame on others for ever.
   */
  function blame(end: WorkEnd): (run: Run) => WorkEnd {
    const culprit = atPixels ?? writing.at(-1);
    return (run) => (run === culprit ? end : { kind: "interrupted", beside: true });
  }

  function finishAll(sentence: (run: Run) => WorkEnd): void {
    const runs = [...writing.splice(0), ...(atPixels === undefined ? [] : [atPixels])];
    atPixels = undefined;
    for (const run of runs) run.finish(sentence(run));
  }
}

/** The sentence when a child is killed because of one attempt: what else it was given ends as interrupted. */
function over(culprit: Run | undefined, end: WorkEnd): (run: Run) => WorkEnd {
  return (run) => (run === culprit ? end : { kind: "interrupted" });
}

function isSame(a: AttemptId, b: AttemptId): boolean {
  return a.number === b.number && a.attempt === b.attempt;
}

/** A fork fails at once when memory is short; that is a death at the start as any other. */
function forkOrNothing(env: NodeJS.ProcessEnv): ChildProcess | undefined {
  try {
    return fork(ENTRY, [], {
      env: childEnvironment(env),
      execArgv: HEAP,
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
  } catch {
    // The pool reports the death and tries again later.
    return undefined;
  }
}

function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const passed = PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]));
  return { ...Object.fromEntries(passed), ...ALLOCATOR, VIPS_BLOCK_UNTRUSTED: "1" };
}
