import type { Command } from "commander";
import { CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { EXAMPLES } from "../../src/cli/examples.ts";
import { buildProgram } from "../../src/cli/program.ts";

/** The program and its commands, none of which does anything. */
function idleProgram(ran: (name: string) => void): Command {
  const program = buildProgram(() => undefined).configureOutput({ writeErr: () => undefined });
  for (const command of program.commands) {
    command.configureOutput({ writeErr: () => undefined }).action(() => ran(command.name()));
  }
  return program;
}

/** The words of each `spoold` in a line, as a shell would hand them over. */
function callsIn(line: string): string[][] {
  return line.split(" | ").flatMap((part) => {
    const words = [...part.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? "");
    const redirected = words.findIndex((word) => word === "<" || word === ">");
    return words[0] === "spoold" ? [words.slice(1, redirected === -1 ? undefined : redirected)] : [];
  });
}

/** The name of the command that ran; undefined when the line was not understood. */
async function commandOf(words: readonly string[]): Promise<string | undefined> {
  let ran: string | undefined;
  const program = idleProgram((name) => {
    ran = name;
  });
  await program.parseAsync(words, { from: "user" }).catch((error: unknown) => {
    if (!(error instanceof CommanderError)) throw error;
  });
  return ran;
}

const PROGRAM = buildProgram(() => undefined);
const ALL = [PROGRAM, ...PROGRAM.commands];

describe("--help", () => {
  it("has examples for the program and for each of its commands, and for no others", () => {
    expect(Object.keys(EXAMPLES).toSorted()).toEqual(ALL.map((command) => command.name()).toSorted());
    expect(Object.entries(EXAMPLES).filter(([, examples]) => examples.length === 0)).toEqual([]);
  });

  it.each(ALL.map((command) => [command.name(), command] as const))("of %s shows them first", (name, command) => {
    const lines = command.helpInformation().split("\n");
    expect(lines[0]).toMatch(/^Usage: spoold/);
    expect(lines.slice(1, 3)).toEqual(["", "Examples:"]);
    for (const [line, does] of EXAMPLES[name] ?? []) {
      const at = lines.findIndex((each) => each.startsWith(`  ${line}`));
      expect(at).toBeGreaterThan(2);
      expect(lines.slice(at, at + 2).join("\n")).toContain(does);
      expect(at).toBeLessThan(lines.indexOf("Options:"));
    }
    expect(lines.join(" ")).toContain(command.description());
  });

  it.each(Object.entries(EXAMPLES).flatMap(([name, examples]) => examples.map(([line]) => [line, name] as const)))(
    "shows %s, which is understood",
    async (line, name) => {
      const calls = callsIn(line);
      expect(calls.length).toBeGreaterThan(0);
      const ran = await Promise.all(calls.map(commandOf));
      expect(ran).not.toContain(undefined);
      // The program's own examples are of its commands.
      if (name !== PROGRAM.name()) expect(ran).toContain(name);
    },
  );

  it("would notice an example that is not understood", async () => {
    expect(callsIn('spoold pause --reason "a b" > file')).toEqual([["pause", "--reason", "a b"]]);
    expect(await commandOf(["list", "--jsno"])).toBeUndefined();
    expect(await commandOf(["prune", "--done-age", "soon"])).toBeUndefined();
    expect(await commandOf(["show"])).toBeUndefined();
  });
});
