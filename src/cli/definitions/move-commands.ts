/** The commands that move tasks between the directories, and their options. */
import { type Command, InvalidArgumentError } from "commander";
import type { Verb } from "../../spool/moves.ts";
import { readSpan } from "../spans.ts";
import { STDIN, taskNumberIn } from "../task-number.ts";
import { command, type Exit, jsonOption } from "./define.ts";

/** What each command says of itself. */
const TELLS: Readonly<Record<Verb, string>> = {
  hold: "park tasks until they are released; one that runs is stopped",
  release: "let held tasks go on where they were",
  retry: "try failed tasks again from the first attempt on, deferred ones at once",
  cancel: "end tasks that are not done, with a receipt that says so",
};

/** Adds what selects tasks without their numbers. */
export function addFilters(command: Command): Command {
  return command
    .option("--state <state>", "those in one state")
    .option("--supplicant <text>", "those of which this, or these words, say who asks")
    .option("--older <span>", "those written at least 30s, 10m, 2h, 1d or 2w ago", readSpan)
    .option("--batch <name>", "those of a batch")
    .option("--all", "all");
}

/** Commands by which people move tasks. */
export function defineMoveCommands(program: Command, exit: Exit): void {
  for (const [verb, tells] of Object.entries(TELLS) as [Verb, string][]) {
    addFilters(command(program, verb, tells))
      .argument("[number...]", "their numbers; - reads them from standard input", readArgs)
      .option("--dry-run", "tell what would be moved, and move nothing")
      .addOption(jsonOption())
      .action(async (args, options) => exit(await (await import("../commands/move.ts")).move(verb, args, options)));
  }
}

function readArgs(
  text: string,
  earlier: readonly (number | typeof STDIN)[] | undefined,
): readonly (number | typeof STDIN)[] {
  const number = text === STDIN ? STDIN : taskNumberIn(text);
  if (number !== undefined) return [...(earlier ?? []), number];
  throw new InvalidArgumentError("a task's number is a whole number from 1.");
}
