import { SingleBar } from "cli-progress";

/** How far something is: a bar on a terminal, plain lines elsewhere. */
export interface Progress {
  /** @param tells what has just happened */
  at(done: number, tells: string): void;
  end(): void;
}

export function showProgress(label: string, total: number): Progress {
  return process.stdout.isTTY ? bar(label, total) : lines(label, total);
}

function bar(label: string, total: number): Progress {
  const format = `${label.padEnd(11)} {bar} {value}/{total} {tells}`;
  const shown = new SingleBar({
    format,
    stream: process.stdout,
    barsize: 28,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    // Nothing of the terminal is changed, so that Ctrl-C at any moment leaves it as it was.
    linewrap: true,
  });
  shown.start(total, 0, { tells: "" });
  return {
    at: (done, tells) => shown.update(done, { tells }),
    end: () => shown.stop(),
  };
}

function lines(label: string, total: number): Progress {
  let last = "";
  return {
    at(done, tells) {
      const line = `${label.padEnd(11)} ${String(done).padStart(2)}/${total}  ${tells}\n`;
      if (line !== last) process.stdout.write(line);
      last = line;
    },
    end: () => undefined,
  };
}
