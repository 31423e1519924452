import { isatty } from "node:tty";
import type { DaemonOptions } from "../daemon/daemon-options.ts";
import type { Log } from "../log.ts";
import { drawBar } from "./bar.ts";
import { isLiveTerminal, openProgressLine } from "./progress-line.ts";

/** Shows how far a daemon has come that is to end when nothing is left to do. */
export interface DrainBar {
  /** The log; its lines stand above the bar where both go to a terminal. */
  readonly log: Log;
  readonly started: NonNullable<DaemonOptions["started"]>;
  end(): void;
}

const DRAW_EVERY_MS = 200;

/**
 * @param logFile where the log goes; null for standard output
 * @returns undefined where standard error is no terminal: the lines of the log tell there what happens
 */
export function openDrainBar(log: Log, logFile: string | null, monotonicMs: () => number): DrainBar | undefined {
  if (!isatty(2) || !isLiveTerminal()) return undefined;
  const line = openProgressLine(monotonicMs);
  const sharesTerminal = logFile === null && isatty(1);
  const event: Log["event"] = (...about) => line.above(() => log.event(...about));
  let timer: NodeJS.Timeout | undefined;
  let seen = 0;
  let show = (): void => undefined;
  return {
    log: sharesTerminal ? { ...log, event } : log,
    started(progress) {
      show = () => {
        const { done, failed, left } = progress();
        // One that is just being claimed counts neither as waiting nor as running.
        seen = Math.max(seen, done + failed + left);
        if (seen > 0) line.show(drawBar({ ended: done + failed, failed, total: seen }));
      };
      timer = setInterval(show, DRAW_EVERY_MS).unref();
    },
    end() {
      clearInterval(timer);
      show();
      line.end();
    },
  };
}
