/** A terminal that is drawn on as a whole, and given back as it was, however the program ends. */
import { constants } from "node:os";
import { printable } from "../task/faults.ts";

export interface Screen {
  /** Lines that there is room for. */
  rows(): number;
  /** Shows lines in place of what was there. Control characters in them are shown, not obeyed. */
  draw(lines: readonly string[]): void;
  /** Resolves after `ms`, when the size has changed, or when the screen is closed. */
  wait(ms: number): Promise<void>;
  isClosed(): boolean;
  /** Gives the terminal back. */
  close(): void;
}

/** The other screen of the terminal, no cursor, and no new line where a line is too long: its end is cut. */
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";
/** Ctrl-C and Ctrl-D come as keys. */
const ENDS: ReadonlySet<string> = new Set(["q", "Q", "\u0003", "\u0004"]);
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Takes the terminal over until `q` is typed; a signal that ends the process gives it back first. */
export function openScreen(stdin: NodeJS.ReadStream, stdout: NodeJS.WriteStream): Screen {
  let isClosed = false;
  let wake = (): void => undefined;
  const type = (keys: Buffer): void => {
    if ([...keys.toString("latin1")].some((key) => ENDS.has(key))) close();
  };
  const resized = (): void => wake();
  const ending = new Map(
    SIGNALS.map((signal) => [
      signal,
      () => {
        close();
        process.exit(128 + constants.signals[signal]);
      },
    ]),
  );

  // The terminal has gone: there is nothing left to draw on.
  stdout.on("error", close);
  stdout.on("resize", resized);
  for (const [signal, end] of ending) process.on(signal, end);
  // Whoever stopped it may have given the terminal back to a shell.
  process.on("SIGCONT", enter);
  // An error that nobody has caught ends the process without a word to anybody else.
  process.on("exit", close);
  if (stdin.isTTY) stdin.on("data", type);
  enter();

  return {
    rows: () => stdout.rows || 24,
    draw(lines) {
      if (isClosed) return;
      const shown = lines.map((line) => `${printable(line)}\u001b[K`);
      stdout.write(`\u001b[H${shown.join("\r\n")}\u001b[J`);
    },
    async wait(ms) {
      if (isClosed) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
    isClosed: () => isClosed,
    close,
  };

  function enter(): void {
    if (stdin.isTTY) stdin.setRawMode(true).resume();
    stdout.write(ENTER);
    wake();
  }

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    for (const [signal, end] of ending) process.off(signal, end);
    process.off("SIGCONT", enter);
    process.off("exit", close);
    stdout.off("resize", resized);
    if (stdin.isTTY) stdin.off("data", type).setRawMode(false).pause();
    stdout.write(LEAVE);
    wake();
  }
}
