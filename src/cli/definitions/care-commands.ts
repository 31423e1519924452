import type { Command } from "commander";
import { command, type Exit, jsonOption } from "./define.ts";
import { readAge, readBytes, readCount } from "./readers.ts";

/** Commands that keep a spool and its machine in order. */
export function defineCareCommands(program: Command, exit: Exit): void {
  command(program, "prune", "remove old receipts, as the settings say; failed and rejected ones only when told")
    .option("--done-age <time>", "receipts of tasks that ended so long ago, as 30d", readAge)
    .option("--done-count <n>", "all receipts but so many of the newest", readCount)
    .option("--done-bytes <size>", "the oldest receipts, until the others have no more bytes, as 500M", readBytes)
    .option("--failed-age <time>", "tasks that failed so long ago, with their reasons", readAge)
    .option("--rejected-age <time>", "drops that were rejected so long ago, with their reasons", readAge)
    .option("--dry-run", "tell what would go, remove nothing")
    .addOption(jsonOption())
    .action(async (options) => exit(await (await import("../commands/prune.ts")).prune(options)));
}
