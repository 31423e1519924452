import { Argument, type Command, Option } from "commander";
import { AGE_GROUPS } from "../../spool/ages.ts";
import { STATES } from "../../spool/layout.ts";
import { readTimeout } from "../spans.ts";
import { command, type Exit, jsonOption } from "./define.ts";
import { addFilters } from "./move-commands.ts";
import { readLimit, readNumber, readNumbers } from "./readers.ts";

/** Commands that look at tasks and change nothing. */
export function defineLookingCommands(program: Command, exit: Exit): void {
  command(program, "status", "count tasks by state, tell of the daemon")
    .addOption(jsonOption())
    .action(async (options) => exit(await (await import("../commands/status.ts")).status(options)));
  command(program, "top", "show live what runs, what comes next and what has failed; q ends it")
    .option("--once", "print it once, as it does where there is no terminal")
    .action(async (options) => exit(await (await import("../commands/top.ts")).top(options)));
  addFilters(command(program, "list", "list tasks that have not ended, or those in one state"))
    .argument("[state]", "tasks, active, deferred, held, failed, rejected or done")
    .option("--limit <n>", "at most so many of each state", readLimit)
    .addOption(jsonOption())
    .action(async (state, options) => exit(await (await import("../commands/list.ts")).list(state, options)));
  command(program, "show", "show a task, where it lies, and how it ended")
    .argument("<number>", "its number", readNumber)
    .addOption(jsonOption())
    .action(async (number, options) => exit(await (await import("../commands/show.ts")).show(number, options)));
  command(program, "wait", "wait until tasks have ended; exit 1 when one failed or was cancelled")
    .argument("[number...]", "their numbers", readNumbers)
    .option("--batch <name>", "all tasks of a batch")
    .option("--timeout <span>", "no longer than so many ms, or 10s, 5m, 2h; then exit 75", readTimeout)
    .addOption(jsonOption())
    .action(async (numbers, options) => exit(await (await import("../commands/wait.ts")).wait(numbers, options)));
  command(program, "qshape", "count tasks by their age and by who asks")
    .addArgument(new Argument("[state...]", "default those that have not ended").choices(STATES))
    .addOption(new Option("--by <what>", "what has a row of its own").choices(AGE_GROUPS).default("supplicant"))
    .addOption(jsonOption())
    .action(async (states, options) => exit(await (await import("../commands/qshape.ts")).qshape(states, options)));
}
