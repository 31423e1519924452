import { type Command, Help } from "commander";
import { EXAMPLES } from "./examples.ts";

/** Help with examples before all else: most who ask for it look for a line to copy. */
export function formatHelp(command: Command, helper: Help): string {
  const text = Help.prototype.formatHelp.call(helper, command, helper);
  const examples = EXAMPLES[command.name()] ?? [];
  const width = Math.max(0, ...examples.map(([line]) => line.length).filter((length) => length <= MAX_BESIDE));
  const lines = examples.map(([line, does]) =>
    line.length <= width ? `  ${line.padEnd(width)}  ${does}` : `  ${line}\n  ${" ".repeat(width)}  ${does}`,
  );
  const usageEnd = text.indexOf("\n\n") + 2;
  return `${text.slice(0, usageEnd)}Examples:\n${lines.join("\n")}\n\n${text.slice(usageEnd)}`;
}

/** What an example does stands beside it, unless it is longer than this. */
const MAX_BESIDE = 48;
