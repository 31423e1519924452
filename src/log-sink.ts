/**
 * Where lines of the log end up. Not pino.destination (sonic-boom): in its sync mode that one sleeps 100 ms after each
 * EAGAIN without bound, keeps lines it could not write until they appear out of place after a rotation, does not say
 * how many are gone, and falls silent for ever after one EPIPE. A log that cannot be written must never stop the
 * queue, so a sink waits at most 100 ms, then drops the line and counts it.
 *
 *   working ──EAGAIN for 100 ms──▶ stalled: tried at each line, without waiting ──written──▶ working
 *   working, stalled ──any other error──▶ broken: opened anew 30 s later, or at reopen() ──opened──▶ working
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { errnoOf } from "./errors.ts";

export interface Sink {
  /** Writes one line or drops it. Never throws. */
  readonly write: (line: string) => void;
  readonly reopen: () => void;
  /** Lines dropped since the start. */
  readonly dropped: () => number;
  readonly close: () => void;
}

interface Target {
  readonly name: string;
  readonly open: () => number;
  readonly release: (fd: number) => void;
}

const RETRY_MS = 30_000;
const STALL_MS = 100;
const STALL_STEP_MS = 10;
const NOTHING: Uint8Array = new Uint8Array();

/** A log file, created for owner and group only. A named pipe that nobody reads is an error, not a wait without end. */
export function fileTarget(path: string): Target {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK, O_NOCTTY } = constants;
  const flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY;
  return { name: path, open: () => openSync(path, flags, 0o640), release: closeSync };
}

/** An inherited descriptor, which is never closed. */
export function descriptorTarget(fd: number): Target {
  const release = (opened: number): void => (opened === fd ? undefined : closeSync(opened));
  return { name: `descriptor ${fd}`, open: () => nonBlocking(fd), release };
}

/**
 * Opens a sink. A target that cannot be opened or written is told once on standard error.
 * @param format turns a line of JSON into what is written
 */
export function openSink(target: Target, format: (line: string) => string, monotonicMs: () => number): Sink {
  let fd: number | null = null;
  let retryAtMs: number | null = null;
  let isStalled = false;
  let hasComplained = false;
  let untold = 0;
  let total = 0;
  /** The end of a line whose beginning is in the file: it goes first, else two lines would run into one. */
  let rest = NOTHING;

  function write(line: string): void {
    if (retryAtMs !== null && monotonicMs() >= retryAtMs) reopen();
    if (untold > 0 && retryAtMs === null && put(format(noticeOf(untold)))) untold = 0;
    if (!put(format(line))) drop();
  }

  function reopen(): void {
    try {
      const next = target.open();
      if (rest.length > 0 && (fd === null || !isSameFile(fd, next))) {
        rest = NOTHING;
        drop();
      }
      if (fd !== next) release();
      fd = next;
      retryAtMs = null;
      isStalled = false;
    } catch (error) {
      // A descriptor that still works is kept: its file has another name now, but no line is lost.
      if (fd === null || retryAtMs !== null) breakDown(error);
      else complain(error);
    }
  }

  function close(): void {
    release();
    fd = null;
    retryAtMs = Number.POSITIVE_INFINITY;
  }

  /** @returns whether the line is in the file, or begun and its end kept */
  function put(text: string): boolean {
    rest = push(rest);
    if (rest.length > 0) return false;
    const bytes = Buffer.from(text);
    const left = push(bytes);
    if (left.length === bytes.length) return false;
    rest = left;
    return true;
  }

  /** @returns what could not be written */
  function push(bytes: Uint8Array): Uint8Array {
    let written = 0;
    let waitedMs = 0;
    while (fd !== null && retryAtMs === null && written < bytes.length) {
      try {
        written += writeSync(fd, bytes, written);
        isStalled = false;
        hasComplained = false;
      } catch (error) {
        if (errnoOf(error) !== "EAGAIN") breakDown(error);
        else if (isStalled) break;
        else if (waitedMs >= STALL_MS) isStalled = true;
        else waitedMs += pause();
      }
    }
    return bytes.subarray(written);
  }

  function drop(): void {
    untold += 1;
    total += 1;
  }

  function breakDown(error: unknown): void {
    retryAtMs = monotonicMs() + RETRY_MS;
    complain(error);
  }

  function complain(error: unknown): void {
    if (!hasComplained) tellStandardError(`spoold: the log cannot be written to ${target.name}: ${String(error)}\n`);
    hasComplained = true;
  }

  function release(): void {
    try {
      if (fd !== null) target.release(fd);
    } catch (error) {
      complain(error);
    }
  }

  reopen();
  return { write, reopen, dropped: () => total, close };
}

/**
 * The same pipe or terminal as a descriptor that says EAGAIN where it would block. It is opened anew, because the
 * flag on an inherited one holds for every process that shares it. A socket cannot be opened anew (nor a pipe on
 * macOS): there libuv sets the flag when `process.stdout` is first used, and takes it back at exit.
 */
function nonBlocking(fd: number): number {
  try {
    const about = fstatSync(fd);
    const isPipe = about.isFIFO() || about.isSocket();
    if (fd === 1 && isPipe && (about.isSocket() || process.platform === "darwin")) void process.stdout;
    if (!about.isFIFO() && !about.isCharacterDevice()) return fd;
    return openSync(`/dev/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // Closed, or not ours to open: the descriptor itself will say so when it is written.
    return fd;
  }
}

function isSameFile(fd: number, other: number): boolean {
  const [a, b] = [fstatSync(fd), fstatSync(other)];
  return a.dev === b.dev && a.ino === b.ino;
}

function noticeOf(lines: number): string {
  return `${JSON.stringify({ level: "error", time: new Date().toISOString(), pid: process.pid, msg: "log lines dropped", lines })}\n`;
}

/** Sleeps: whoever logs is not to go on before its line is written, as long as that is a matter of milliseconds. */
function pause(): number {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STALL_STEP_MS);
  return STALL_STEP_MS;
}

function tellStandardError(text: string): void {
  try {
    const fd = nonBlocking(2);
    writeSync(fd, text);
    if (fd !== 2) closeSync(fd);
  } catch {
    // Nobody is left to tell.
  }
}
