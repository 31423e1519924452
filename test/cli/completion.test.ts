import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { bashCompletion } from "../../src/cli/completion/bash.ts";
import { fishCompletion } from "../../src/cli/completion/fish.ts";
import { type CompletedCommand, completedCommands } from "../../src/cli/completion/model.ts";
import { zshCompletion } from "../../src/cli/completion/zsh.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { shippedRecipes } from "../../src/spool/recipes.ts";
import { realSystem } from "../../src/system.ts";
import { emptySpool, placeTask, shell, spoold, TASK } from "../support/cli.ts";
import { BIN, freshDirectory } from "../support/daemon.ts";
import { isThere, SHELLS } from "../support/shells.ts";

const MAKERS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };
type Name = keyof typeof MAKERS;

let commands: readonly CompletedCommand[];
let recipes: readonly string[];

beforeAll(async () => {
  commands = completedCommands(buildProgram(() => undefined));
  recipes = await shippedRecipes(realSystem());
});

/** A directory with the completions in it, and a spool whose name has a blank in it. */
async function prepared(): Promise<string> {
  const directory = await freshDirectory();
  for (const [name, make] of Object.entries(MAKERS)) await writeFile(join(directory, name), make(commands, recipes));
  await emptySpool(directory);
  for (const batch of ["summer", "winter"]) await placeTask(directory, "tasks", { ...TASK, batch, priority: 5 });
  for (const state of ["deferred", "held", "failed"] as const) await placeTask(directory, state);
  await rename(join(directory, "spool"), join(directory, "my spool"));
  await mkdir(join(directory, "my spool", "recipes"));
  await writeFile(join(directory, "my spool", "recipes", "mine.json"), "{}");
  return directory;
}

describe("what can be completed", () => {
  it("has every command and every option of the program", () => {
    const program = buildProgram(() => undefined);
    expect(commands.map(({ name }) => name)).toEqual(program.commands.map((command) => command.name()));
    for (const [index, { options }] of commands.entries()) {
      const flags = program.commands[index]?.options.map(({ long }) => long);
      expect(options.map(({ flag }) => flag)).toEqual([...(flags ?? []), "--help"]);
    }
  });

  it("has no word that an option does not take, and words for all that take a few", () => {
    const kinds = commands.flatMap(({ options }) =>
      options.flatMap(({ flag, value }) => (value ? [{ flag, value }] : [])),
    );
    const words = Object.fromEntries(
      kinds.flatMap(({ flag, value }) => (value.kind === "words" ? [[flag, value.words]] : [])),
    );
    expect(words).toMatchObject({ "--watch": ["auto", "poll"], "--by": ["supplicant", "state", "batch"] });
    expect(Object.keys(words)).toEqual(expect.arrayContaining(["--state", "--log-level", "--style"]));
  });
});

describe.each(Object.keys(SHELLS) as Name[])("the completion for %s", (name) => {
  it("names every command and every option", () => {
    const script = MAKERS[name](commands, recipes);
    for (const { name: command, options } of commands) {
      expect(script).toContain(command);
      for (const { flag } of options) expect(script).toContain(name === "fish" ? `-l ${flag.slice(2)}` : flag);
    }
    for (const recipe of recipes) expect(script).toContain(recipe);
  });

  it("is understood by the shell, which offers what fits", { timeout: 60_000 }, async () => {
    if (!(await isThere(name))) return;
    const directory = await prepared();
    const { ask, check } = SHELLS[name];
    const checked = await shell(directory, `${check.join(" ")} ./${name}`);
    expect(checked).toEqual({ code: 0, stdout: "", stderr: "" });
    const spool = { SPOOLD_DIR: "my spool" };
    const offers: [words: string[], offered: string[]][] = [
      [["st"], ["start", "status", "stop"]],
      [["list", "--st"], ["--state"]],
      [["list", "f"], ["failed"]],
      [["start", "--watch", "p"], ["poll"]],
      [
        ["qshape", "--by", ""],
        ["batch", "state", "supplicant"],
      ],
      [
        ["completion", ""],
        ["bash", "fish", "zsh"],
      ],
      [["release", ""], ["4"]],
      [
        ["retry", ""],
        ["3", "5"],
      ],
      [
        ["show", ""],
        ["1", "2", "3", "4", "5"],
      ],
      [["wait", "--batch", "s"], ["summer"]],
      [["add", "--recipe", ""], ["mine", ...recipes].sort()],
    ];
    const answers = await Promise.all(
      offers.map(async ([words]) => [words, (await ask(directory, ["spoold", ...words], spool)).toSorted()]),
    );
    expect(answers).toEqual(offers);
    expect(await ask(directory, ["spoold", "release", "--spool", "my spool", ""])).toEqual(["4"]);
    // There is no ./spool; zsh then offers options.
    const offered = await ask(directory, ["spoold", "release", ""]);
    expect(offered.filter((word) => !word.startsWith("-"))).toEqual([]);
  });
});

describe("spoold completion", () => {
  it("prints it for the shell that is named", async () => {
    const directory = await freshDirectory();
    const printed = await spoold(directory, ["completion", "bash"]);
    expect(printed).toEqual({ code: 0, stdout: bashCompletion(commands, recipes), stderr: "" });
    const loaded = `source <("${process.execPath}" "${BIN}" completion bash) && complete -p spoold`;
    expect((await shell(directory, `bash -c '${loaded}'`)).stdout).toContain("_spoold spoold");
  });

  it("knows no other shells", async () => {
    expect((await spoold(await freshDirectory(), ["completion", "tcsh"])).code).toBe(2);
  });
});
