import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { SerializedError } from "../errors.ts";
import { readMessage } from "../worker/message.ts";
import type { RunRequest, RunResult, WorkerMessage } from "../worker/protocol.ts";

/** How a child process was given work and answered, or did not. */
export type WorkEnd =
  | RunResult
  | { readonly kind: "timedOut"; readonly timeoutMs: number }
  | { readonly kind: "crashed"; readonly exitCode: number | null; readonly signal: string | null }
  | { readonly kind: "interrupted" };

/** One child process that touches pixels. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** Runs one attempt; the child is killed when the deadline passes. One at a time. */
  run(request: RunRequest, timeoutMs: number): Promise<WorkEnd>;
  /** Kills the child at once; a run under way ends as interrupted. */
  kill(): void;
  /** Lets the child go once it is idle; resolves when it is gone. */
  close(): Promise<void>;
}

export interface WorkerEvents {
  readonly ready: () => void;
  readonly unusable: (error: SerializedError) => void;
  readonly gone: (exitCode: number | null, signal: string | null) => void;
}

/** The built entry file: at the same depth from the source tree and from the built one. */
const ENTRY = fileURLToPath(new URL("../../dist/worker/main.js", import.meta.url));

/** What a child needs of the environment, and nothing else of it: no secrets, no loosened limits. */
const PASSED_ON = ["PATH", "TMPDIR", "LANG", "TZ", "LD_LIBRARY_PATH", "FONTCONFIG_PATH"] as const;

/** How long a child may take until it is ready. */
const READY_MS = 30_000;

/** Starts a child. What it does wrong before it is ready, even not starting at all, is told by `gone`. */
export function startWorker(env: NodeJS.ProcessEnv, events: WorkerEvents): WorkerProcess {
  const child = forkOrNothing(env);
  let state: "starting" | "idle" | "busy" | "gone" = "starting";
  let running: { readonly request: RunRequest; readonly finish: (end: WorkEnd) => void } | undefined;
  let verdict: WorkEnd | undefined;
  const readyDeadline = setTimeout(() => child?.kill("SIGKILL"), READY_MS);
  const gone = new Promise<void>((resolve) => {
    const end = (exitCode: number | null, signal: string | null): void => {
      if (state === "gone") return;
      state = "gone";
      clearTimeout(readyDeadline);
      running?.finish(verdict ?? { kind: "crashed", exitCode, signal });
      events.gone(exitCode, signal);
      resolve();
    };
    child?.once("exit", end);
    // A spawn that fails tells of an error and never of an exit; any other error is followed by the exit.
    child?.on("error", () => (child.pid === undefined ? end(null, null) : child.kill("SIGKILL")));
    if (child === undefined) setImmediate(() => end(null, null));
  });
  child?.on("message", (message) => hear(readMessage(message)));

  const killFor = (end: WorkEnd): void => {
    verdict ??= end;
    child?.kill("SIGKILL");
  };
  return {
    pid: child?.pid,
    async run(request, timeoutMs) {
      // It died while it was idle: this task never began, so it is not to blame.
      if (child === undefined || state !== "idle") return { kind: "interrupted" };
      state = "busy";
      const deadline = setTimeout(() => killFor({ kind: "timedOut", timeoutMs }), timeoutMs);
      try {
        return await new Promise<WorkEnd>((resolve) => {
          running = { request, finish: resolve };
          // What was never handed over did not begin either.
          child.send(request, (error) => error !== null && killFor({ kind: "interrupted" }));
        });
      } finally {
        clearTimeout(deadline);
        running = undefined;
      }
    },
    kill: () => killFor({ kind: "interrupted" }),
    async close() {
      child?.kill("SIGKILL");
      await gone;
    },
  };

  function hear(message: WorkerMessage | undefined): void {
    // After a kill the verdict stands: an answer that crossed it came too late, and its temporaries are swept.
    if (verdict !== undefined || state === "gone") return;
    if (state === "starting" && message?.kind === "ready") {
      state = "idle";
      clearTimeout(readyDeadline);
      events.ready();
    } else if (state === "starting" && message?.kind === "unusable") {
      events.unusable(message.error);
    } else if (message?.kind === "ended" && isAnswerTo(message, running?.request)) {
      state = "idle";
      running?.finish(message.result);
    } else {
      // Out of turn, or no message of ours: whoever speaks here is no longer our program.
      child?.kill("SIGKILL");
    }
  }
}

function isAnswerTo(
  { number, attempt }: { number: number; attempt: number },
  request: RunRequest | undefined,
): boolean {
  return request?.number === number && request.attempt === attempt;
}

/** A fork fails at once when memory is short; that is a death at the start as any other. */
function forkOrNothing(env: NodeJS.ProcessEnv): ChildProcess | undefined {
  try {
    return fork(ENTRY, [], { env: childEnvironment(env), execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  } catch {
    // The pool reports the death and tries again later.
    return undefined;
  }
}

function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const passed = PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]));
  return { ...Object.fromEntries(passed), MALLOC_ARENA_MAX: "2", VIPS_BLOCK_UNTRUSTED: "1" };
}
