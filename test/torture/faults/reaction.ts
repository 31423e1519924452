/** What a daemon has made of a fault, as its log and its end tell. */
import type { Lane } from "../crash/lane.ts";
import { deskFile } from "../crash/lane.ts";
import type { Reaction } from "./cells.ts";

interface Line {
  readonly msg: string;
  readonly summary?: string | null;
  readonly error?: { readonly code: string } | null;
}

/** What is to happen to these anyway. */
const MEANT: ReadonlySet<unknown> = new Set(["missing", "flaky"]);

export async function linesOf(lane: Lane): Promise<readonly Line[]> {
  const text = await deskFile(lane, "log.txt");
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}

/** The gravest thing of which the log tells. */
export function reactionIn(lines: readonly Line[]): Reaction {
  const codeOf = (found: Line | undefined): string => found?.error?.code ?? "";
  const ended = lines.find(({ msg }) => msg === "daemon ended");
  if (ended !== undefined) return `ended ${codeOf(ended)}`;
  const mishaps = lines.filter(({ error, summary }) => error && !MEANT.has(summary));
  const failed = mishaps.find(({ msg }) => msg === "task failed");
  if (failed !== undefined) return `failed ${codeOf(failed)}`;
  const paused = lines.find(({ msg }) => msg === "daemon paused");
  if (paused !== undefined) return `paused ${codeOf(paused)}`;
  const retried = mishaps.find(({ msg }) => msg === "task deferred");
  return retried === undefined ? "absorbed" : `retried ${codeOf(retried)}`;
}

/** Whether the last pause of which the log tells is over. */
export function hasResumed(lines: readonly Line[]): boolean {
  const told = lines.map(({ msg }) => msg);
  return told.lastIndexOf("daemon paused") <= told.lastIndexOf("daemon resumed");
}

/** Whether standard error holds anything but what is meant for people. */
export function isUgly(stderr: string): boolean {
  return stderr.split("\n").some((line) => line !== "" && !/^(?:spoold: | {2}(?:cause|hint): )/.test(line));
}
