import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { SETTINGS, type Settings } from "../config.ts";
import { addFilters, addMoveCommands } from "./move-commands.ts";
import { printText, tellError, tellText } from "./output.ts";
import { readTimeout } from "./spans.ts";
import { taskNumberIn } from "./task-number.ts";

/**
 * Runs the command line. Commands are loaded when they are called, so that `spoold add` never loads sharp.
 * @param argv as `process.argv`
 * @returns the exit code
 */
export async function main(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = buildProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    // commander has already told what is wrong; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return tellError(error);
  }
}

/** The commands and their options; README's table is tested against it. */
export function buildProgram(exit: (code: number) => void): Command {
  const program = new Command("spoold")
    .description("A spool directory for image work: drop a task file, get finished pictures.")
    .version(packageVersion())
    .exitOverride()
    // What was typed stands in the message, and may hold anything.
    .configureOutput({ writeOut: printText, writeErr: tellText })
    .showHelpAfterError("(spoold --help tells more)");

  startCommand(program).action(async (options) => exit(await (await import("./commands/start.ts")).start(options)));
  command(program, "stop", "ask the daemon to finish what runs and end").action(async (options) =>
    exit(await (await import("./commands/stop.ts")).stop(options)),
  );
  command(program, "add", "enqueue task files, print their numbers")
    .argument("[file...]", "task files; - or none reads one task from standard input")
    .option("--source <file>", "a picture for which a recipe says what to make of it")
    .option("--recipe <name>", "the recipe: of the spool's own recipes/, else of those that come with spoold")
    .option("--set <word=value>", "what a word of the recipe stands for; may be given for each word", readVar)
    .option("--supplicant <text>", "who asks")
    .option("--summary <text>", "what for")
    .option("--priority <n>", "0 to 100; higher ones start first", readPriority)
    .addOption(jsonOption())
    .action(async (files, options) => exit(await (await import("./commands/add.ts")).add(files, options)));
  planCommand(program).action(async (file, options) =>
    exit(await (await import("./commands/plan.ts")).plan(file, options)),
  );
  command(program, "status", "count tasks by state, tell of the daemon")
    .addOption(jsonOption())
    .action(async (options) => exit(await (await import("./commands/status.ts")).status(options)));
  addFilters(command(program, "list", "list tasks that have not ended, or those in one state"))
    .argument("[state]", "tasks, active, deferred, held, failed, rejected or done")
    .option("--limit <n>", "at most so many of each state", readLimit)
    .addOption(jsonOption())
    .action(async (state, options) => exit(await (await import("./commands/list.ts")).list(state, options)));
  command(program, "show", "show a task, where it lies, and how it ended")
    .argument("<number>", "its number", readNumber)
    .addOption(jsonOption())
    .action(async (number, options) => exit(await (await import("./commands/show.ts")).show(number, options)));
  command(program, "wait", "wait until tasks have ended; exit 1 when one failed or was cancelled")
    .argument("[number...]", "their numbers", readNumbers)
    .option("--batch <name>", "all tasks of a batch")
    .option("--timeout <span>", "no longer than so many ms, or 10s, 5m, 2h; then exit 75", readTimeout)
    .addOption(jsonOption())
    .action(async (numbers, options) => exit(await (await import("./commands/wait.ts")).wait(numbers, options)));
  addMoveCommands(
    (name, tells) => command(program, name, tells),
    async (verb, args, options) => exit(await (await import("./commands/move.ts")).move(verb, args, options)),
  );
  command(program, "pause", "let the daemon start nothing more; what runs goes to its end")
    .option("--reason <text>", "why, for those who look at the status")
    .action(async (options) => exit(await (await import("./commands/pause.ts")).pause(options)));
  command(program, "resume", "end a pause, also one that the daemon has made").action(async (options) =>
    exit(await (await import("./commands/pause.ts")).resume(options)),
  );
  return program;
}

function command(program: Command, name: string, tells: string): Command {
  const spool = new Option("--spool <dir>", "the spool directory")
    .env("SPOOLD_DIR")
    .argParser(readDirectory)
    .default("spool");
  return program.command(name).description(tells).addOption(spool).exitOverride();
}

function packageVersion(): string {
  const file = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(file) as { version: string }).version;
}

/** The settings of the daemon are its options: one row of the table, one flag. */
function startCommand(program: Command): Command {
  const start = command(program, "start", "run the daemon in the foreground").option(
    "--once",
    "end when nothing is left to do; exit 1 when a task failed or a drop was rejected",
  );
  for (const name of Object.keys(SETTINGS) as (keyof Settings)[]) start.addOption(settingOption(name));
  return start;
}

function settingOption(name: keyof Settings): Option {
  const { flag, tells, accepts, isSwitch } = SETTINGS[name];
  const option = new Option(isSwitch ? `--${flag}` : `--${flag} <value>`, `${tells} (${accepts})`);
  return name === "roots" ? option.argParser(collect) : option;
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

function jsonOption(): Option {
  return new Option("--json", "one line of JSON for each thing");
}

function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}

/** An empty one would be the working directory: `SPOOLD_DIR=$UNSET spoold start` must not make a spool of that. */
function readDirectory(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("a directory has a name.");
}

function readNumber(text: string): number {
  const number = taskNumberIn(text);
  if (number !== undefined) return number;
  throw new InvalidArgumentError("a task's number is a whole number from 1.");
}

function readNumbers(text: string, earlier: readonly number[] | undefined): readonly number[] {
  return [...(earlier ?? []), readNumber(text)];
}

function readVar(
  text: string,
  earlier: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const [, word, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (word === undefined || value === undefined) throw new InvalidArgumentError("it is written word=value.");
  return Object.fromEntries([...Object.entries(earlier ?? {}), [word, value]]);
}

function readPriority(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) <= 100) return Number(text);
  throw new InvalidArgumentError("a priority is a whole number from 0 to 100.");
}

function readLimit(text: string): number {
  const number = Number(text);
  if (/^\d{1,9}$/.test(text) && number > 0) return number;
  throw new InvalidArgumentError("a limit is a whole number from 1.");
}
