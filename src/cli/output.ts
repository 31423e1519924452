import { errnoOf, SpooldError, toSpooldError } from "../errors.ts";
import { describeFault, faultsOfError, printable } from "../task/faults.ts";

/**
 * Prints one value as JSON on standard output: on one line, or on several with an indentation. What could play tricks
 * on a terminal stands only within strings, where an escape means the same to every reader of JSON.
 */
export function printJson(value: unknown, indentation = 0): void {
  for (const line of JSON.stringify(value, null, indentation).split("\n")) printLine(line);
}

/** Prints text that is safe to show as it stands, as help is. */
export function printText(text: string): void {
  write(process.stdout, text);
}

/** Prints one line of data on standard output; control characters in it are shown, not obeyed. */
export function printLine(line: string): void {
  write(process.stdout, `${printable(line)}\n`);
}

/** Prints a message for people on standard error. */
export function tell(line: string): void {
  write(process.stderr, `${printable(line)}\n`);
}

/** Prints several lines for people on standard error, each as `tell` does. */
export function tellText(text: string): void {
  for (const line of text.trimEnd().split("\n")) tell(line);
}

/** Prints columns of equal width; the first row is the head. */
export function printTable(rows: readonly (readonly string[])[]): void {
  for (const line of tableLines(rows)) write(process.stdout, `${line}\n`);
}

/** Lines of columns of equal width, safe to show as they stand. */
export function tableLines(rows: readonly (readonly string[])[]): readonly string[] {
  const shown = rows.map((row) => row.map(printable));
  const widths =
    shown[0]?.map((_head, column) => shown.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0)) ?? [];
  return shown.map((row) => {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return cells.join("  ").trimEnd();
  });
}

/**
 * Tells a person of an error: what, where, and what to do. Never a stack trace.
 * @returns the exit code that the error stands for
 */
export function tellError(error: unknown): number {
  const known = error instanceof SpooldError ? error : toSpooldError(error);
  tell(`spoold: ${known.message} [${known.code}]`);
  for (const fault of faultsOfError(known)) tell(`  ${describeFault(fault)}`);
  if (known.cause instanceof Error) tell(`  cause: ${known.cause.message}`);
  tell(`  hint: ${known.hint}`);
  return known.exitCode;
}

/** A duration for people: `120 ms`, `3.4 s`, `12 min`, `5 h`, `3 d`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 86_400_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** A number of bytes for people: `120 B`, `4.0 KiB`, `1.5 GiB`. */
export function size(bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), 4);
  return power === 0 ? `${bytes} B` : `${(bytes / 1024 ** power).toFixed(1)} ${"KMGT"[power - 1]}iB`;
}

const guarded = new WeakSet<NodeJS.WriteStream>();

/** The stream is first touched here, not at import: a daemon writes its log to the descriptor itself. */
function write(stream: NodeJS.WriteStream, text: string): void {
  if (!guarded.has(stream)) stream.on("error", (error) => hearOfFailure(stream, error));
  guarded.add(stream);
  stream.write(text);
}

/** A reader that has seen enough, as `head` has, is no error, and the work goes on; a full disk under the output is one. */
function hearOfFailure(stream: NodeJS.WriteStream, error: Error): void {
  if (stream === process.stdout && errnoOf(error) !== "EPIPE") process.exit(tellError(error));
}
