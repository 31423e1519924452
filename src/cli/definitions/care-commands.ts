import type { Command } from "commander";
import { readSpan } from "../spans.ts";
import { command, type Exit, jsonOption } from "./define.ts";
import { readBytes, readCount } from "./readers.ts";
import { settingOption } from "./setting-option.ts";

/** Commands that keep a spool and its machine in order. */
export function defineCareCommands(program: Command, exit: Exit): void {
  command(program, "check", "look for what is not in order in the spool; exit 1 when something is left")
    .option("--fix", "put in order what can be without losing anything")
    .option("--deep", "read all outputs, too, and compare them with their receipts")
    .addOption(settingOption("roots"))
    .addOption(jsonOption())
    .action(async (options) => exit(await (await import("../commands/check.ts")).check(options)));
  command(program, "prune", "remove old receipts, as the settings say; failed and rejected ones only when told")
    .option("--done-age <span>", "receipts of tasks that ended so long ago, as 30d", readSpan)
    .option("--done-count <n>", "all receipts but so many of the newest", readCount)
    .option("--done-bytes <size>", "the oldest receipts, until the others have no more bytes, as 500M", readBytes)
    .option("--failed-age <span>", "tasks that failed so long ago, with their reasons", readSpan)
    .option("--rejected-age <span>", "drops that were rejected so long ago, with their reasons", readSpan)
    .option("--dry-run", "tell what would go, remove nothing")
    .addOption(jsonOption())
    .action(async (options) => exit(await (await import("../commands/prune.ts")).prune(options)));
  doctorCommand(program).action(async (options) => exit(await (await import("../commands/doctor.ts")).doctor(options)));
}

/** What it holds the machine against is told by the settings that the daemon has. */
function doctorCommand(program: Command): Command {
  const doctor = command(
    program,
    "doctor",
    "look at the machine for what may be in the way; exit 1 when something is",
  ).addOption(jsonOption());
  for (const name of ["concurrency", "roots", "workerMemory", "inputFormats"] as const) {
    doctor.addOption(settingOption(name));
  }
  return doctor;
}
