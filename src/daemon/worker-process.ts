import type { SerializedError } from "../errors.ts";
import { isHandlerTask } from "../task/task.ts";
import { readMessage } from "../worker/message.ts";
import type { AttemptId, DaemonMessage, RunRequest, RunResult, WorkerMessage } from "../worker/protocol.ts";
import { forkOrNothing } from "./worker-launch.ts";

/** How an attempt that was given to a worker ended. */
export type WorkEnd =
  | RunResult
  | { readonly kind: "timedOut"; readonly timeoutMs: number }
  | { readonly kind: "crashed"; readonly exitCode: number | null; readonly signal: string | null }
  /** `beside`: the worker went down with another task of which it was at the pixels. */
  | { readonly kind: "interrupted"; readonly beside?: true };

/** What a worker tells of an attempt while it is at it. */
export type Told = Extract<WorkerMessage, { kind: "progress" | "says" }>;

/** One child process that touches pixels, or runs handlers as if they were pixels. It is at the pixels of one task, while files of others are being written. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** How many attempts it was given that have not ended. */
  unended(): number;
  /** Whether it may be given another attempt. */
  isFree(): boolean;
  /**
   * Runs one attempt on a free worker; the child is killed when the deadline passes.
   * @param told what the worker tells of it on the way
   */
  run(request: RunRequest, told: (message: Told) => void): Promise<WorkEnd>;
  /** Kills the child when it is at the pixels of this attempt, which then ends as interrupted. A handler is told first. */
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
  /** It should get no more work: what a handler has left behind in it goes wrong. */
  readonly spent: (error: SerializedError) => void;
  readonly gone: (exitCode: number | null, signal: string | null) => void;
}

/** An attempt that has not ended. */
interface Run {
  readonly request: RunRequest;
  readonly told: (message: Told) => void;
  readonly finish: (end: WorkEnd) => void;
  /** Until the child is killed that was told to abort it. */
  grace?: NodeJS.Timeout;
}

/** How long a child may take until it is ready. */
const READY_MS = 30_000;

/** How long a handler has to give up that was told to, as it has before its deadline. */
const ABANDON_MS = 1_000;

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
    async run(request, told) {
      // It died while it was idle: this task never began, so it is not to blame.
      if (child === undefined || !isFree()) return { kind: "interrupted" };
      const { timeoutMs } = request;
      let run: Run | undefined;
      const deadline = setTimeout(() => condemn(over(run, { kind: "timedOut", timeoutMs })), timeoutMs);
      try {
        return await new Promise<WorkEnd>((finish) => {
          const begun: Run = { request, told, finish };
          run = begun;
          atPixels = begun;
          // What was never handed over did not begin either.
          child.send(request, (error) => error !== null && condemn(over(begun, { kind: "interrupted" })));
        });
      } finally {
        clearTimeout(deadline);
        clearTimeout(run?.grace);
      }
    },
    abandon(id) {
      const run = atPixels;
      if (run === undefined || !isSame(run.request, id) || run.grace !== undefined) return;
      const giveUp = (): void => condemn(over(run, { kind: "interrupted" }));
      if (!isHandlerTask(run.request.task)) return giveUp();
      run.grace = setTimeout(giveUp, ABANDON_MS);
      // What cannot be sent is not heard either: the child is killed in time.
      child?.send({ kind: "abort", ...id } satisfies DaemonMessage, () => undefined);
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
    } else if (message?.kind === "spent" && state === "ready") {
      events.spent(message.error);
    } else if (message === undefined || !("number" in message) || !hearOfAttempt(message)) {
      // Out of turn, or no message of ours: whoever speaks here is no longer our program.
      child?.kill("SIGKILL");
    }
  }

  /** @returns false when no such attempt is under way, or not at the point at which this is said */
  function hearOfAttempt(message: Extract<WorkerMessage, AttemptId>): boolean {
    const run = [...writing, ...(atPixels === undefined ? [] : [atPixels])].find((each) =>
      isSame(each.request, message),
    );
    const isHandler = run !== undefined && isHandlerTask(run.request.task);
    if (run === undefined || (run !== atPixels && message.kind !== "ended")) return false;
    if (message.kind === "ended") return hearOfEnd(run, message.result);
    if (message.kind === "rendered") {
      if (isHandler) return false;
      writing.push(run);
      atPixels = undefined;
      events.free();
      return true;
    }
    if (message.kind === "says" && !isHandler) return false;
    run.told(message);
    return true;
  }

  /** @returns false when it is not for this attempt to end so */
  function hearOfEnd(run: Run, result: RunResult): boolean {
    if ((result.kind === "handled") !== isHandlerTask(run.request.task) && result.kind !== "failed") return false;
    if (result.kind === "fresh" && run.request.earlierWork === undefined) return false;
    // Prepared without having told that it was rendered is out of turn too.
    if (run === atPixels && result.kind === "prepared") return false;
    if (run === atPixels) atPixels = undefined;
    else writing.splice(writing.indexOf(run), 1);
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
