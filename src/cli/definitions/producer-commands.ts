import type { Command } from "commander";
import { command, type Exit, jsonOption } from "./define.ts";
import { readPriority, readVar } from "./readers.ts";
import { settingOption } from "./setting-option.ts";

/** Commands that enqueue tasks, or show what they would make. */
export function defineProducerCommands(program: Command, exit: Exit): void {
  command(program, "add", "enqueue task files, print their numbers")
    .argument("[file...]", "task files; - or none reads one task from standard input")
    .option("--source <file>", "a picture for which a recipe says what to make of it")
    .option("--recipe <name>", "the recipe: of the spool's own recipes/, else of those that come with spoold")
    .option("--set <word=value>", "what a word of the recipe stands for; may be given for each word", readVar)
    .option("--supplicant <text>", "who asks")
    .option("--summary <text>", "what for")
    .option("--priority <n>", "0 to 100; higher ones start first", readPriority)
    .addOption(jsonOption())
    .action(async (files, options) => exit(await (await import("../commands/add.ts")).add(files, options)));
  planCommand(program).action(async (file, options) =>
    exit(await (await import("../commands/plan.ts")).plan(file, options)),
  );
}

/** What a task would be turned away for is told by the settings that the daemon has. */
function planCommand(program: Command): Command {
  const plan = command(program, "plan", "show what a task would make, from what, and how much memory it takes")
    .argument("[file]", "a task file; - or none reads the task from standard input")
    .option("--source <file>", "a picture for which a recipe says what to make of it")
    .option("--recipe <name>", "the recipe, as for add")
    .option("--set <word=value>", "what a word of the recipe stands for, as for add", readVar)
    .addOption(jsonOption());
  for (const name of ["roots", "maxInputPixels", "maxInputBytes"] as const) plan.addOption(settingOption(name));
  return plan;
}
