import { tell } from "./output.ts";

/** One line on standard error that tells how far something has come. */
export interface ProgressLine {
  /** Tells where it is now; the same text as before is told once. */
  show(text: string): void;
  /** Lets something else be printed on the same terminal: the line makes room and stands below it again. */
  above(print: () => void): void;
  /** Ends the line, with the last text that was shown. */
  end(): void;
}

/** Elsewhere than on a terminal a line can only follow the one before: then no more often than this. */
const LINE_EVERY_MS = 1_000;

/** Whether a stream can show a line that is written over itself. */
export function isLiveTerminal(stream: NodeJS.WriteStream = process.stderr): boolean {
  return stream.isTTY === true && process.env["TERM"] !== "dumb";
}

/** On a terminal the line is written over itself, elsewhere a new one follows, at most once a second. */
export function openProgressLine(monotonicMs: () => number, stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  return isLiveTerminal(stream) ? lineOnTerminal(stream) : linesElsewhere(monotonicMs);
}

function lineOnTerminal(stream: NodeJS.WriteStream): ProgressLine {
  let shown = "";
  // One that is longer than the terminal is wide would begin a new line with each text.
  const draw = (): unknown => stream.write(`\r${shown.slice(0, Math.max(1, (stream.columns || 80) - 1))}\u001b[K`);
  return {
    show(text) {
      if (text === shown) return;
      shown = text;
      draw();
    },
    above(print) {
      if (shown !== "") stream.write("\r\u001b[K");
      print();
      if (shown !== "") draw();
    },
    end() {
      if (shown !== "") stream.write("\n");
      shown = "";
    },
  };
}

function linesElsewhere(monotonicMs: () => number): ProgressLine {
  let shown = "";
  let latest = "";
  let toldAtMs = Number.NEGATIVE_INFINITY;
  return {
    show(text) {
      latest = text;
      if (text === shown || monotonicMs() - toldAtMs < LINE_EVERY_MS) return;
      tell(text);
      shown = text;
      toldAtMs = monotonicMs();
    },
    above: (print) => print(),
    end() {
      if (latest !== shown) tell(latest);
    },
  };
}
