import { Argument, type Command } from "commander";
import { command, type Exit } from "./define.ts";

/** Commands that tell other programs what spoold knows of itself. */
export function defineMachineCommands(program: Command, exit: Exit): void {
  command(program, "schema", "print the JSON Schema of a task file").action(async () =>
    exit(await (await import("../commands/schema.ts")).schema()),
  );
  command(program, "completion", "print what lets a shell complete commands, options and numbers")
    .addArgument(new Argument("<shell>", "your shell").choices(["bash", "zsh", "fish"]))
    .action(async (shell) => exit(await (await import("../commands/completion.ts")).completion(program, shell)));
}
