/** A real terminal for commands: `script` of util-linux runs them on a pseudo terminal and passes on what they draw. */
import { type ChildProcess, spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import { cleanEnvironment } from "./cli.ts";
import { BIN } from "./daemon.ts";

export interface OnTerminal {
  readonly child: ChildProcess;
  /** All that was drawn, escapes and all. */
  drawn(): string;
  type(keys: string): void;
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly term?: string;
  /** What a shell does on the same terminal meanwhile. */
  readonly meanwhile?: string;
}

/** @param command what follows `spoold`, as a shell reads it */
export function onTerminal(
  directory: string,
  command: string,
  { columns = 100, rows = 30, term = "xterm", meanwhile = ":" }: TerminalOptions = {},
): OnTerminal {
  const line = `stty cols ${columns} rows ${rows}; (${meanwhile}) & exec "${process.execPath}" "${BIN}" ${command}`;
  const child = spawn("script", ["-qec", line, "/dev/null"], {
    cwd: directory,
    env: cleanEnvironment({ TERM: term, SHELL: "/bin/sh" }),
  });
  let drawn = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    drawn += text;
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return { child, drawn: () => drawn, type: (keys) => void child.stdin.write(keys), ended };
}

/** What a line that is drawn over itself showed, one after the other. */
export function textsOf(drawn: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what it looks for
  const plain = drawn.replace(/\u001b\[[\d;?]*[a-zA-Z]/g, "");
  return plain.split(/[\r\n]+/).filter((text) => text !== "");
}
