/**
 * What the daemon and a worker say to each other:
 *
 *   worker: ready ─▶ (daemon: run ─▶ worker: rendered ─▶ worker: ended) … until the daemon kills it or goes away
 *   worker: unusable, and it exits: no worker of this installation can work
 *
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

/** The daemon asks for one attempt. A worker is at the pixels of one task at a time. */
export interface RunRequest extends AttemptId {
  readonly kind: "run";
  readonly task: Task;
  /** With every link resolved. */
  readonly roots: readonly string[];
  /** The spool's real path: no output may lie in it. */
  readonly spool: string;
  readonly limits: Limits;
  /** What names the temporaries of this task, see `temporaryPath`. */
  readonly tag: string;
}

/** A request for pictures. */
export type PictureRequest = RunRequest & { readonly task: PictureTask };

/** An output that is written and fsynced under its temporary name; the daemon publishes it. */
export interface PreparedOutput extends OutputFile {
  readonly temporary: string;
}

/** How the work of one attempt went. After a failure no temporary is left. */
export type RunResult =
  | { readonly kind: "prepared"; readonly source: SourceFile; readonly outputs: readonly PreparedOutput[] }
  | { readonly kind: "failed"; readonly error: SerializedError };

/** What a worker says. */
export type WorkerMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "unusable"; readonly error: SerializedError }
  | ({ readonly kind: "rendered" } & AttemptId)
  | ({ readonly kind: "ended"; readonly result: RunResult } & AttemptId);
