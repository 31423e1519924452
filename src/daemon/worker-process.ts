import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { SerializedError } from "../errors.ts";
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

/** Starts a child. */
export function startWorker(env: NodeJS.ProcessEnv, events: WorkerEvents): WorkerProcess {
  const child = fork(ENTRY, [], {
    env: childEnvironment(env),
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  let finishRun: ((end: WorkEnd) => void) | undefined;
  let verdict: WorkEnd | undefined;
  let exited = false;
  const gone = new Promise<void>((resolve) => {
    child.once("exit", (exitCode, signal) => {
      exited = true;
      finishRun?.(verdict ?? { kind: "crashed", exitCode, signal });
      events.gone(exitCode, signal);
      resolve();
    });
  });
  // A channel that breaks is followed by the exit, which is what counts.
  child.on("error", () => child.kill("SIGKILL"));
  child.on("message", (message) => hear(message as WorkerMessage));

  const killFor = (end: WorkEnd): void => {
    verdict = end;
    child.kill("SIGKILL");
  };
  return {
    pid: child.pid,
    async run(request, timeoutMs) {
      // It died while it was idle: this task never began, so it is not to blame.
      if (exited) return { kind: "interrupted" };
      const deadline = setTimeout(() => killFor({ kind: "timedOut", timeoutMs }), timeoutMs);
      try {
        return await new Promise<WorkEnd>((resolve) => {
          finishRun = resolve;
          send(child, request);
        });
      } finally {
        clearTimeout(deadline);
        finishRun = undefined;
      }
    },
    kill: () => killFor({ kind: "interrupted" }),
    async close() {
      if (!exited) child.kill("SIGKILL");
      await gone;
    },
  };

  function hear(message: WorkerMessage): void {
    if (message.kind === "ready") events.ready();
    else if (message.kind === "unusable") events.unusable(message.error);
    // After a kill the verdict stands: an answer that crossed it came too late, and its temporaries are swept.
    else if (verdict === undefined) finishRun?.(message.result);
  }
}

function send(child: ChildProcess, request: RunRequest): void {
  child.send(request, (error) => {
    if (error !== null) child.kill("SIGKILL");
  });
}

function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const passed = PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]));
  return { ...Object.fromEntries(passed), MALLOC_ARENA_MAX: "2", VIPS_BLOCK_UNTRUSTED: "1" };
}
