import type { Command } from "commander";
import { shippedRecipes } from "../../spool/recipes.ts";
import { realSystem } from "../../system.ts";
import { bashCompletion } from "../completion/bash.ts";
import { fishCompletion } from "../completion/fish.ts";
import { completedCommands } from "../completion/model.ts";
import { zshCompletion } from "../completion/zsh.ts";
import { printText } from "../output.ts";

/** The shells that can be told what to complete. */
export type Shell = keyof typeof SHELLS;

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** Prints what lets a shell complete the commands of a program. */
export async function completion(program: Command, shell: Shell): Promise<number> {
  printText(SHELLS[shell](completedCommands(program), await shippedRecipes(realSystem())));
  return 0;
}
