import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { defineCareCommands } from "./definitions/care-commands.ts";
import { defineDaemonCommands } from "./definitions/daemon-commands.ts";
import type { Exit } from "./definitions/define.ts";
import { defineLookingCommands } from "./definitions/looking-commands.ts";
import { defineMachineCommands } from "./definitions/machine-commands.ts";
import { defineMoveCommands } from "./definitions/move-commands.ts";
import { defineProducerCommands } from "./definitions/producer-commands.ts";
import { formatHelp } from "./help.ts";
import { printText, tellError, tellText } from "./output.ts";

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
export function buildProgram(exit: Exit): Command {
  const program = new Command("spoold")
    .description("A spool directory for image work: drop a task file, get finished pictures.")
    .version(packageVersion())
    .exitOverride()
    .configureHelp({ formatHelp })
    // What was typed stands in the message, and may hold anything.
    .configureOutput({ writeOut: printText, writeErr: tellText })
    .showHelpAfterError("(spoold --help tells more)");
  defineDaemonCommands(program, exit);
  defineProducerCommands(program, exit);
  defineLookingCommands(program, exit);
  defineCareCommands(program, exit);
  defineMoveCommands(program, exit);
  defineMachineCommands(program, exit);
  return program;
}

function packageVersion(): string {
  const file = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(file) as { version: string }).version;
}
