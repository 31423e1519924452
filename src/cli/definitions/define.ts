import { type Command, Option } from "commander";
import { readDirectory } from "./readers.ts";

/** Tells the exit code of a command that has run. */
export type Exit = (code: number) => void;

/** Adds a command; every one takes `--spool`. */
export function command(program: Command, name: string, tells: string): Command {
  const spool = new Option("--spool <dir>", "the spool directory")
    .env("SPOOLD_DIR")
    .argParser(readDirectory)
    .default("spool");
  return program.command(name).description(tells).addOption(spool).exitOverride();
}

/** `--json`, of each command that prints data. */
export function jsonOption(): Option {
  return new Option("--json", "one line of JSON for each thing");
}
