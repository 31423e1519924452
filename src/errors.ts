import { inspect } from "node:util";

/** What the daemon does with a task that ended with this error. */
type Verdict = "permanent" | "transient" | "pauses";

interface ErrorRow {
  readonly message: string;
  readonly hint: string;
  /** `permanent`: another attempt cannot help. `pauses`: the machine is at fault, the task keeps its attempt. */
  readonly verdict: Verdict;
  readonly exitCode: 1 | 2 | 3 | 74 | 75 | 78;
}

/** Every error that spoold reports by name. README's table is tested against this one. */
export const ERRORS = {
  TASK_INVALID: row("the task is not valid", "mend each place named; README lists what a task may hold", 2),
  TASK_TOO_LARGE: row("the task file is too large", "a task is a short instruction; put data in files it names", 2),
  RECIPE_MISSING: row("there is no recipe of this name", "name one there is, or put yours into `recipes/NAME.json`", 2),
  HANDLER_FAILED: row("the handler failed", "the cause is what it threw", 1, "transient"),
  HANDLER_REFUSED: row("the handler refused the task", "the cause is what it threw, with `permanent: true`", 1),
  HANDLER_MISSING: row("there is no handler of this name", "put it into `handlers/NAME.js` of the spool", 1),
  SYNC_REFUSED: row("the directory cannot be synced so", "README tells what a sync does and does not", 1),
  SCHEDULE_INVALID: row("schedule.json is not valid", "mend each place named; the last good one stays in force", 78),
  HANDLER_UNSAFE: row(
    "the handler's file may not be run",
    "it must be a regular file of the daemon's account or of root; chmod go-w it and its directory",
    1,
  ),
  HANDLER_INVALID: row("the handler is no module with a default function", "the cause says where; README shows one", 1),
  HANDLER_RESULT: row("the handler's result cannot be kept", "return JSON of at most 256 KiB; put more into a file", 1),
  TASK_NOT_FOUND: row("no task has this number", "`spoold list` shows the tasks there are", 3),
  TASK_FAILED: row("the task failed", "`spoold show N` tells why; mend it, then `spoold retry N`", 1),
  TASK_CANCELLED: row("the task was cancelled", "enqueue it again if it is wanted after all", 1),
  MOVE_IMPOSSIBLE: row("the task cannot be moved so from where it lies", "`spoold show N` tells where it lies", 1),
  NUMBER_TWICE: row("two files have this number", "look at both, and move one of them out of the way", 1),
  BATCH_MISSING: row("there is no batch of this name", "a task says `batch` to be counted in one", 3),
  AFTER_FAILED: row("a task that it waits for is not done", "mend and retry that one, then `spoold retry` this one", 1),
  FAILURES_ALIKE: row(
    "many tasks in a row failed with the same error",
    "mend the cause: one task is tried now and then; `spoold resume` tries at once",
    74,
    "pauses",
  ),
  SPOOL_PAUSED: row("the spool is paused by hand", "`spoold resume`, or remove the file PAUSE", 75),
  WAIT_TIMED_OUT: row("not all had ended in time", "wait once more, or longer with `--timeout`", 75),
  TASK_TIMED_OUT: row("the task ran past its deadline", "raise `timeoutMs` in the task or `--timeout`", 1, "transient"),
  WORKER_CRASHED: row("the worker died at this task", "the picture may be hostile, or memory short", 1, "transient"),
  WORKER_TOO_LARGE: row("the task took too much memory", "raise `--worker-memory` if you trust the picture", 1),
  DAEMON_CRASHED: row(
    "the daemon died during this task",
    "the machine went down, or the picture took it down",
    1,
    "transient",
  ),
  WORKER_UNUSABLE: row("workers die before they are ready", "run `npm ls sharp`; see the log for the first cause", 78),
  SOURCE_MISSING: row("the source does not exist", "paths are relative to the daemon's first root", 1),
  SOURCE_UNREADABLE: row("the source cannot be read", "give the daemon's account read permission", 1),
  SOURCE_NOT_FILE: row("the source is not a regular file", "name a picture, not a directory, pipe or device", 1),
  SOURCE_TOO_LARGE: row("the source has too many bytes", "raise `--max-input-bytes` if you trust it", 1),
  SOURCE_TOO_MANY_PIXELS: row("the source has too many pixels", "raise `--max-input-pixels` if you trust it", 1),
  SOURCE_TOO_LONG: row("a side of the source is too long", "cut the picture up: no side may be over 65535 px", 1),
  SOURCE_TOO_MANY_FRAMES: row(
    "the output would keep too many frames",
    "give it fewer `pages`, or raise `--max-input-frames`",
    1,
  ),
  SOURCE_PROGRESSIVE: row(
    "the source is progressive and has too many pixels",
    "save it as a baseline JPEG or a PNG without interlace, or raise `--max-progressive-pixels`",
    1,
  ),
  SOURCE_UNSUPPORTED: row("the source is no picture that can be opened", "README lists the formats that can be", 1),
  SOURCE_SHUT: row("pictures of this format are not opened", "add it to `--input-formats` if you trust it", 1),
  SOURCE_DAMAGED: row("the source is damaged or cut short", "upload it again; nothing was written", 1),
  PATH_OUTSIDE_ROOTS: row("the path leads outside the roots", "start the daemon with `--root DIR` that holds it", 1),
  OUTPUT_FAILED: row("the output could not be made", "the cause names what the encoder said", 1),
  OUTPUT_TOO_LARGE: row("the output would be too large", "ask for less; `--max-output-side` bounds its sides", 1),
  OUTPUT_CHANGED: row(
    "an output changed while it was looked at",
    "somebody else writes there; it is made by the next attempt",
    1,
    "transient",
  ),
  OUTPUT_UNWRITABLE: row("the output cannot be written there", "look at the directory's owner and permission", 1),
  DISK_FULL: row("the disk is full", "free some space; a running daemon goes on by itself", 74, "pauses"),
  DISK_READ_ONLY: row("the file system is read-only", "remount it; a running daemon goes on by itself", 74, "pauses"),
  RESOURCES_SHORT: row(
    "the system is short of memory or descriptors",
    "raise `ulimit -n` or free memory; a running daemon goes on by itself",
    74,
    "pauses",
  ),
  IO_ERROR: row("the operating system reported an error", "the cause names the call and the file", 74, "transient"),
  SPOOL_MISSING: row("there is no spool in this directory", "name it with --spool DIR or SPOOLD_DIR", 74),
  SPOOL_SPLIT: row("the spool spans more than one file system", "moves between states must be one rename", 78),
  SPOOL_FOREIGN: row(
    "the spool belongs to another account",
    "drop a file into its `tasks/` that the daemon may read, or be that account",
    74,
  ),
  SPOOL_UNSAFE: row("others may write into the spool's own directories", "chmod go-w them, or move the spool", 78),
  SPOOL_LOCKED: row("another daemon owns this spool", "see `spoold status`; stop it with `spoold stop`", 75),
  DAEMON_SILENT: row(
    "the daemon does not answer",
    "the task lies in `held/`; see `spoold status`, then do the same once more",
    75,
  ),
  AUTOSTART_FAILED: row("a daemon that was to be started broke down", "`spoold start --once` by hand tells why", 74),
  LOCK_LOST: row("this daemon lost its lock on the spool", "another took over, or run/ was changed by hand", 75),
  CONFIG_INVALID: row("a setting is not valid", "README lists every setting, its unit and its range", 78),
  USAGE: row("the command was not understood", "see `spoold --help`", 2),
  PLATFORM_UNSUPPORTED: row(
    "this platform is not supported",
    "spoold needs Linux or macOS, and Node 20.19 or newer",
    78,
  ),
  SHARP_TOO_OLD: row("this version of sharp has known holes", "install sharp 0.35.4 or newer", 78),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** What an error is about: plain values only, so that it can be written into a reason file or a log line. */
export type Facts = Readonly<Record<string, unknown>>;

/** An error as it lies in a reason file, travels from a worker, or stands in `--json` output. */
export interface SerializedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly facts: Facts;
  /** The messages of the causes, outermost first. */
  readonly causes: readonly string[];
}

/** An error with a code, the facts, a hint and its cause. The only class of errors that spoold throws on purpose. */
export class SpooldError extends Error {
  readonly code: ErrorCode;
  readonly facts: Facts;
  readonly hint: string;

  constructor(code: ErrorCode, facts: Facts = {}, options: { cause?: unknown } = {}) {
    super(sentence(code, facts), options);
    this.name = "SpooldError";
    this.code = code;
    this.facts = facts;
    this.hint = ERRORS[code].hint;
  }

  get exitCode(): number {
    return ERRORS[this.code].exitCode;
  }

  toJSON(): SerializedError {
    return serializeError(this);
  }
}

/**
 * The plain form of any thrown value.
 * @returns its own code when it is a SpooldError, else the code that its errno stands for, else `IO_ERROR`
 */
export function serializeError(error: unknown): SerializedError {
  const known = toSpooldError(error);
  return { code: known.code, message: known.message, hint: known.hint, facts: known.facts, causes: causesOf(known) };
}

/** The error behind a plain form, as one that can be thrown. The causes become one cause with their messages. */
export function deserializeError(plain: SerializedError): SpooldError {
  const cause = plain.causes.length > 0 ? new Error(plain.causes.join(": ")) : undefined;
  return new SpooldError(plain.code, plain.facts, { cause });
}

/** Wraps any thrown value as a SpooldError: a full disk and a read-only file system keep their own codes. */
export function toSpooldError(error: unknown, fallback: ErrorCode = "IO_ERROR", facts: Facts = {}): SpooldError {
  if (error instanceof SpooldError) return error;
  const code = ERRNO_CODES[errnoOf(error) ?? ""] ?? fallback;
  return new SpooldError(code, facts, { cause: error });
}

/** The errno name (`"ENOENT"`) of a thrown value, or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Whether the daemon must pause: the machine, not the task, is at fault. */
export function pausesDaemon(code: ErrorCode): boolean {
  return ERRORS[code].verdict === "pauses";
}

/** Whether another attempt of the same task cannot help. */
export function isPermanent(code: ErrorCode): boolean {
  return ERRORS[code].verdict === "permanent";
}

const ERRNO_CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: "DISK_FULL",
  EDQUOT: "DISK_FULL",
  EROFS: "DISK_READ_ONLY",
  EMFILE: "RESOURCES_SHORT",
  ENFILE: "RESOURCES_SHORT",
  ENOMEM: "RESOURCES_SHORT",
  EAGAIN: "RESOURCES_SHORT",
};

function row(message: string, hint: string, exitCode: ErrorRow["exitCode"], verdict: Verdict = "permanent"): ErrorRow {
  return { message, hint, exitCode, verdict };
}

function sentence(code: ErrorCode, facts: Facts): string {
  const told = Object.entries(facts).filter(([, value]) => typeof value !== "object");
  const list = told.map(([name, value]) => `${name} ${spell(value)}`).join(", ");
  return list === "" ? ERRORS[code].message : `${ERRORS[code].message} (${list})`;
}

/** Plain words stand as they are; what could be mistaken for part of the sentence is quoted. */
function spell(value: unknown): string {
  return typeof value === "string" && /^[\w.:/+-]+$/.test(value) ? value : (JSON.stringify(value) ?? "unknown");
}

/** `inspect` and not `String`: even a value that has no text form must not throw here. */
function messageOf(cause: unknown): string {
  if (cause instanceof Error) return cause.message;
  return typeof cause === "string" ? cause : inspect(cause);
}

function causesOf(error: Error): string[] {
  const messages: string[] = [];
  // Ten is far beyond any real chain; the bound keeps a cycle of causes from hanging the daemon.
  for (let cause = error.cause; cause !== undefined && messages.length < 10; ) {
    messages.push(messageOf(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return messages;
}
