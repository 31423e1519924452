/** What can be completed, as the program itself says; shells only spell it differently. */
import type { Argument, Command, Option } from "commander";
import { SETTINGS } from "../../config.ts";
import { STATES, type State } from "../../spool/layout.ts";
import { TAKES, type Verb } from "../../spool/moves.ts";

/** What may stand where a word is asked for. */
export type Kind =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "files" }
  | { readonly kind: "directories" }
  /** Of the spool's own and of those that come with spoold. */
  | { readonly kind: "recipes" }
  /** Of the spool's batches. */
  | { readonly kind: "batches" }
  /** Of tasks that lie in these states. */
  | { readonly kind: "numbers"; readonly states: readonly State[] }
  | { readonly kind: "anything" };

export interface CompletedOption {
  /** With its dashes. */
  readonly flag: string;
  readonly tells: string;
  /** Null for a switch. */
  readonly value: Kind | null;
}

export interface CompletedCommand {
  readonly name: string;
  readonly tells: string;
  readonly options: readonly CompletedOption[];
  /** What it takes beside its options; null when it takes nothing. */
  readonly takes: Kind | null;
}

/** The commands of a program, as they are to be completed. */
export function completedCommands(program: Command): readonly CompletedCommand[] {
  return program.commands.map((command) => ({
    name: command.name(),
    tells: command.description(),
    options: [...command.options.map(optionOf), HELP],
    takes: command.registeredArguments[0] === undefined ? null : argumentKind(command, command.registeredArguments[0]),
  }));
}

/** commander adds it by itself. */
const HELP: CompletedOption = { flag: "--help", tells: "show examples and options", value: null };

function optionOf(option: Option): CompletedOption {
  const flag = option.long ?? option.flags;
  const takesValue = option.required || option.optional;
  return { flag, tells: option.description, value: takesValue ? optionKind(flag, option) : null };
}

const BY_FLAG: Readonly<Record<string, Kind>> = {
  "--spool": { kind: "directories" },
  "--root": { kind: "directories" },
  "--handlers": { kind: "directories" },
  "--source": { kind: "files" },
  "--log-file": { kind: "files" },
  "--error-file": { kind: "files" },
  "--recipe": { kind: "recipes" },
  "--batch": { kind: "batches" },
  "--state": { kind: "words", words: STATES },
};

function optionKind(flag: string, { argChoices }: Option): Kind {
  const setting = Object.values(SETTINGS).find((row) => `--${row.flag}` === flag);
  const words = argChoices ?? setting?.words;
  return words !== undefined ? { kind: "words", words } : (BY_FLAG[flag] ?? { kind: "anything" });
}

const UNENDED: readonly State[] = ["tasks", "active", "deferred", "held"];
const NUMBERED: readonly State[] = [...UNENDED, "failed", "done"];

function argumentKind(command: Command, argument: Argument): Kind {
  if (argument.argChoices !== undefined) return { kind: "words", words: argument.argChoices };
  switch (argument.name()) {
    case "state":
      return { kind: "words", words: STATES };
    case "file":
      return { kind: "files" };
    case "number":
      return { kind: "numbers", states: statesFor(command.name()) };
    default:
      return { kind: "anything" };
  }
}

function statesFor(name: string): readonly State[] {
  return TAKES[name as Verb] ?? (name === "wait" ? UNENDED : NUMBERED);
}
