/**
 * What the daemon and a worker say to each other:
 *
 *   worker: ready ─▶ (daemon: run ─▶ worker: ended) … until the daemon kills it or goes away
 *   worker: unusable, and it exits: no worker of this installation can work
 *
 * All of it is plain JSON.
 */
import { z } from "zod";
import { ERRORS, type ErrorCode, type SerializedError } from "../errors.ts";
import type { InputLimits } from "../image/source.ts";
import type { OutputFile, SourceFile } from "../task/outcome.ts";
import { FORMATS, type Task } from "../task/task.ts";

/** The daemon asks for one attempt. A worker runs one at a time. */
export interface RunRequest {
  readonly kind: "run";
  readonly number: number;
  readonly attempt: number;
  readonly task: Task;
  /** With every link resolved. */
  readonly roots: readonly string[];
  /** The spool's real path: no output may lie in it. */
  readonly spool: string;
  readonly limits: InputLimits;
  /** What names the temporaries of this task, see `temporaryPath`. */
  readonly tag: string;
}

/** An output that is written and fsynced under its temporary name; the daemon publishes it. */
export interface PreparedOutput extends OutputFile {
  readonly temporary: string;
}

/** How the work of one attempt went. After a failure no temporary is left. */
export type RunResult =
  | { readonly kind: "prepared"; readonly source: SourceFile; readonly outputs: readonly PreparedOutput[] }
  | { readonly kind: "failed"; readonly error: SerializedError };

const errorSchema = z.object({
  code: z.custom<ErrorCode>((code) => typeof code === "string" && Object.hasOwn(ERRORS, code)),
  message: z.string(),
  hint: z.string(),
  facts: z.record(z.string(), z.unknown()),
  causes: z.array(z.string()),
});

const sourceSchema = z.object({
  path: z.string(),
  width: z.number(),
  height: z.number(),
  bytes: z.number(),
  format: z.string(),
});

const outputSchema = z.object({
  file: z.string(),
  path: z.string(),
  temporary: z.string(),
  width: z.number(),
  height: z.number(),
  bytes: z.number(),
  format: z.enum(FORMATS),
  sha256: z.string(),
});

const resultSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("prepared"), source: sourceSchema, outputs: z.array(outputSchema) }),
  z.object({ kind: z.literal("failed"), error: errorSchema }),
]);

const messageSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("unusable"), error: errorSchema }),
  z.object({ kind: z.literal("ended"), number: z.number(), attempt: z.number(), result: resultSchema }),
]);

/** What a worker says. */
export type WorkerMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "unusable"; readonly error: SerializedError }
  | { readonly kind: "ended"; readonly number: number; readonly attempt: number; readonly result: RunResult };

/**
 * A message as it came: a hostile picture may have taken the worker over, so nothing of it is believed unread.
 * @returns undefined when it is none
 */
export function readMessage(message: unknown): WorkerMessage | undefined {
  const read = messageSchema.safeParse(message);
  return read.success ? read.data : undefined;
}
