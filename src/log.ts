/** The log: one JSON line for each thing that happens, or one readable line on a terminal. With `log-pretty.ts` all that knows pino. */
import { type Logger, pino, stdTimeFunctions } from "pino";
import { serializeError } from "./errors.ts";
import { descriptorTarget, fileTarget, openSink, type Sink } from "./log-sink.ts";

type LogLevel = "debug" | "info" | "warn" | "error";

export interface Log {
  /** One line. `name` is a fixed phrase; whatever comes from a task or a person goes into `fields`. */
  event(level: LogLevel, name: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Opens the files by their names again, after a rotation. A file that cannot be opened keeps its old descriptor. */
  reopen(): void;
  /** Lines that could not be written since the start, over all destinations. */
  dropped(): number;
  close(): void;
}

export interface LogOptions {
  /** Where lines go; null for standard output. */
  readonly logFile: string | null;
  /** Where lines of level `error` go as well; null for nowhere. */
  readonly errorFile: string | null;
  /** The least grave level that is written. */
  readonly level: LogLevel;
  readonly stdout?: { readonly fd: number };
  /** How a line is shown on a terminal; null when standard output is none. */
  readonly show: ((line: string) => string) | null;
  readonly monotonicMs?: () => number;
}

/** Who and what a line about a task is about; unknown members become null. */
interface AboutTask {
  readonly number: number;
  readonly attempt?: number | null | undefined;
  readonly supplicant?: string | null | undefined;
  readonly summary?: string | null | undefined;
}

const MAX_TEXT = 1_024;
const MAX_VALUES = 4_096;
const MAX_DEPTH = 8;
/** DEL, C1, and what turns the direction of text or ends a line: legal raw in JSON, dangerous on a terminal. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029\p{Bidi_Control}]/gu;
const OWN_MEMBERS = new Set(["level", "time", "pid", "msg"]);

/** Opens the log. Never throws: what cannot be opened is told once on standard error and tried again later. */
export function openLog(options: LogOptions): Log {
  const { logFile, errorFile, level, monotonicMs = () => performance.now() } = options;
  const stdout = options.stdout ?? { fd: 1 };
  const format = logFile === null && options.show !== null ? options.show : plainLine;
  const main = openSink(logFile === null ? descriptorTarget(stdout.fd) : fileTarget(logFile), format, monotonicMs);
  const errors = errorFile === null ? undefined : openSink(fileTarget(errorFile), plainLine, monotonicMs);
  const sinks = errors === undefined ? [main] : [main, errors];
  const loggers = [logger(level, main), ...(errors === undefined ? [] : [logger("error", errors)])];
  return {
    event: (lineLevel, name, fields = {}) => {
      const safe = safeFields(fields);
      for (const each of loggers) each[lineLevel](safe, name);
    },
    reopen: () => {
      for (const sink of sinks) sink.reopen();
    },
    dropped: () => sinks.reduce((sum, sink) => sum + sink.dropped(), 0),
    close: () => {
      for (const sink of sinks) sink.close();
    },
  };
}

/** The fields that stand on each line about a task. */
export function taskFields({ number, attempt = null, supplicant = null, summary = null }: AboutTask): {
  readonly number: number;
  readonly attempt: number | null;
  readonly supplicant: string | null;
  readonly summary: string | null;
} {
  return { number, attempt, supplicant, summary };
}

function logger(level: LogLevel, sink: Sink): Logger {
  const options = {
    level,
    base: { pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, { write: sink.write });
}

/** Fields as they may stand in a line: text cut, errors in their plain form, no member that is the line's own. */
function safeFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const budget = { values: MAX_VALUES };
  const members = Object.entries(fields).map(([name, value]) => [
    OWN_MEMBERS.has(name) ? `${name}_` : name,
    plain(value, budget, 0),
  ]);
  return Object.fromEntries(members);
}

/** The depth and the budget bound a line, and with it the cost of a cycle. */
function plain(value: unknown, budget: { values: number }, depth: number): unknown {
  if (typeof value === "string") return value.slice(0, MAX_TEXT);
  if (typeof value === "bigint" || typeof value === "symbol") return String(value).slice(0, MAX_TEXT);
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) return "[deeper]";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Error) return plain(serializeError(value), budget, depth + 1);
  if (Array.isArray(value)) return within(value, budget).map((item) => plain(item, budget, depth + 1));
  const members = within(Object.entries(value), budget);
  return Object.fromEntries(members.map(([name, item]) => [name.slice(0, MAX_TEXT), plain(item, budget, depth + 1)]));
}

function within<T>(items: readonly T[], budget: { values: number }): readonly T[] {
  const taken = items.slice(0, budget.values);
  budget.values -= taken.length;
  return taken;
}

/** JSON that is safe to `cat`: an escape means the same to every reader of JSON. */
export function plainLine(line: string): string {
  return line.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
