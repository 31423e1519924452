import { tell } from "./output.ts";

/** One line on standard error that tells how far something has come. */
export interface ProgressLine {
  /** Tells where it is now; the same text as before is told once. */
  show(text: string): void;
  /** Ends the line, with the last text that was shown. */
  end(): void;
}

/** Elsewhere than on a terminal a line can only follow the one before: then no more often than this. */
const LINE_EVERY_MS = 1_000;

/** On a terminal the line is written over itself, elsewhere a new one follows, at most once a second. */
export function openProgressLine(monotonicMs: () => number, stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  let shown = "";
  let latest = "";
  let toldAtMs = Number.NEGATIVE_INFINITY;
  return {
    show(text) {
      latest = text;
      if (text === shown) return;
      if (stream.isTTY) {
        stream.write(`\r${text}\u001b[K`);
        shown = text;
      } else if (monotonicMs() - toldAtMs >= LINE_EVERY_MS) {
        tell(text);
        shown = text;
        toldAtMs = monotonicMs();
      }
    },
    end() {
      if (stream.isTTY) stream.write("\n");
      else if (latest !== shown) tell(latest);
    },
  };
}
