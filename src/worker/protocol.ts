/**
 * What the daemon and a worker say to each other:
 *
 *   worker: ready ─▶ (daemon: run ─▶ worker: rendered ─▶ worker: ended) … until the daemon kills it or goes away
 *   worker: unusable, and it exits: no worker of this installation can work
 *   worker: spent: it has been disturbed and wants no other task
 *
 * A handler never tells that it is `rendered`. While a worker is at pixels or at a handler it may tell of `progress`, and
 * of a handler what it `says`; the daemon may tell it to `abort`.
 * After `rendered` a worker may be given its next task: its pixels are made while files of the last one are written.
 * A task that fails before its pixels are done has ended without `rendered`. All of it is plain JSON.
 */
import type { SerializedError } from "../errors.ts";
import type { Limits } from "../image/limits.ts";
import type { OutputFile, SourceFile } from "../task/outcome.ts";
import type { PictureTask, Task } from "../task/task.ts";

/** Which attempt of which task. */
export interface AttemptId {
  readonly number: number;
  readonly attempt: number;
}

/** The daemon asks for one attempt. A worker is at the pixels of one task, or at the work of one handler, at a time. */
export interface RunRequest extends AttemptId {
  readonly kind: "run";
  readonly task: Task;
  /** With every link resolved. */
  readonly roots: readonly string[];
  /** The spool's real path: no output may lie in it. */
  readonly spool: string;
  /** The directory in which handlers lie, absolute. */
  readonly handlers: string;
  readonly limits: Limits;
  /** What names the temporaries of this task, see `temporaryPath`. */
  readonly tag: string;
  /** What an earlier task with the same key has left; where the task says `skipIfFresh` alone. */
  readonly earlierWork?: EarlierWork;
  /** When the worker is killed, ms from now. */
  readonly timeoutMs: number;
}

/** What the daemon says. `abort`: nobody wants what this attempt makes any more; the worker is killed a little later. */
export type DaemonMessage = RunRequest | ({ readonly kind: "abort" } & AttemptId);

/** How long a handler has that was told to give up, ms: before its deadline, or until the worker is killed. */
export function graceMs(timeoutMs: number): number {
  return Math.min(1_000, timeoutMs / 4);
}

/** A request for pictures. */
export type PictureRequest = RunRequest & { readonly task: PictureTask };

/** What a receipt says of the work that was done. */
export interface EarlierWork {
  readonly source: SourceFile;
  readonly outputs: readonly OutputFile[];
}

/** How far the work on a task is. */
export interface Progress {
  /** From 0 to 1. */
  readonly part: number;
  readonly text: string | null;
}

/** A line that a handler wants to be in the log. */
export interface Line {
  readonly text: string;
  /** A JSON object. */
  readonly fields: string | null;
  /** How many lines before it were left out because they came too fast. */
  readonly dropped: number;
}

/** What is told of an attempt while it is under way. */
export interface Teller {
  readonly rendered: () => void;
  readonly progress: (progress: Progress) => void;
  readonly says: (line: Line) => void;
}

/** An output that is written and fsynced under its temporary name; the daemon publishes it. */
export interface PreparedOutput extends OutputFile {
  readonly temporary: string;
}

/** How the work of one attempt went. After a failure no temporary is left. */
export type RunResult =
  | { readonly kind: "prepared"; readonly source: SourceFile; readonly outputs: readonly PreparedOutput[] }
  /** What the earlier work has left is there still, and all that can be had. */
  | { readonly kind: "fresh" }
  /** The JSON of what a handler has returned, as `readResult` reads it. */
  | { readonly kind: "handled"; readonly json: string }
  | { readonly kind: "failed"; readonly error: SerializedError };

/** What a worker says. */
export type WorkerMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "unusable"; readonly error: SerializedError }
  | ({ readonly kind: "progress" } & Progress & AttemptId)
  | ({ readonly kind: "says" } & Line & AttemptId)
  | ({ readonly kind: "rendered" } & AttemptId)
  | { readonly kind: "spent"; readonly error: SerializedError }
  | ({ readonly kind: "ended"; readonly result: RunResult } & AttemptId);
