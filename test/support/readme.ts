/** Reads README.md, and says what its tables must hold. */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { buildProgram } from "../../src/cli/program.ts";
import { envName, SETTINGS } from "../../src/config.ts";
import { ERRORS } from "../../src/errors.ts";
import { vocabularyRows } from "../../src/image/vocabulary/table.ts";
import { FINDINGS } from "../../src/spool/check/finding.ts";
import { parseRecipe } from "../../src/task/recipe.ts";
import { entrySchema } from "../../src/task/schedule.ts";
import { FORMAT_ENDINGS, handlerTaskSchema, taskSchema } from "../../src/task/task.ts";
import { syncSchema } from "../../src/worker/handlers/sync/request.ts";
import type { Results } from "../bench/plot.ts";
import { short } from "../bench/report.ts";

export const README = readFileSync("README.md", "utf8");

type Row = readonly string[];

/** The fenced block whose info string is this one: ```` ```sh cli ````. */
export function block(info: string): string {
  const found = [...README.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].filter((match) => match[1] === info);
  const text = found[0]?.[2];
  if (text === undefined || found.length > 1) throw new Error(`README has ${found.length} blocks "${info}"`);
  return text;
}

/** The rows of the one table under a heading, without its head. */
export function table(heading: string): readonly Row[] {
  const lines = section(heading).split("\n");
  const rows = lines.filter((line) => line.startsWith("|")).map(cellsOf);
  if (!rows[1]?.every((cell) => /^-+$/.test(cell))) throw new Error(`README has no table under "${heading}"`);
  return rows.slice(2);
}

/** What stands between a heading and the next one. */
export function section(heading: string): string {
  const [, ...parts] = README.split(/^(?=#+ )/m);
  const found = parts.filter((part) => part.split("\n")[0]?.replace(/^#+ /, "") === heading);
  if (found[0] === undefined || found.length > 1) throw new Error(`README has ${found.length} headings "${heading}"`);
  return found[0];
}

/** flag, variable, member of spoold.json, default, what it takes, what it does. */
export function settingRows(): Row[] {
  const words: Readonly<Record<string, string>> = { concurrency: "one per core", roots: "the working directory" };
  return Object.entries(SETTINGS).map(([name, { flag, fallback, accepts, tells }]) => {
    const value = words[name] ?? String(fallback({ cores: 1, workingDirectory: "." }) ?? "none");
    return [code(`--${flag}`), code(envName(flag)), code(name), value, accepts, tells];
  });
}

/** Of what was compared, or is held against something: bench, what was measured, in the middle, from least to most. */
export function speedRows(): Row[] {
  const { benches } = JSON.parse(readFileSync("test/bench/results/results.json", "utf8")) as Results;
  return Object.entries(benches).flatMap(([name, { figures }]) =>
    figures
      .filter((figure) => figure.kind === "ratio" || figure.demanded !== undefined)
      .map((figure) => {
        const measured = figure.kind === "ratio" ? figure.ratio : figure.value;
        const unit = figure.kind === "ratio" ? "×" : ` ${figure.unit}`.trimEnd();
        const { median, min, max } = measured;
        return [code(name), figure.what, `${short(median)}${unit}`, `${short(min)}–${short(max)}`];
      }),
  );
}

/** code, message, hint, exit code. */
export function errorRows(): Row[] {
  return Object.entries(ERRORS).map(([name, { message, hint, exitCode }]) => [
    code(name),
    message,
    hint,
    String(exitCode),
  ]);
}

/** code, what it means, what `check --fix` does about it. */
export function findingRows(): Row[] {
  return Object.entries(FINDINGS).map(([name, { tells, fix, isNote }]) => [
    code(name),
    tells,
    fix ?? (isNote ? "only to be known" : ""),
  ]);
}

/** usage, options that are its own, what it does. `--spool` is common to all, settings of the daemon have their table. */
export function commandRows(): Row[] {
  const settings = new Set(Object.values(SETTINGS).map(({ flag }) => `--${flag}`));
  return commands().map((command) => {
    const hasSettings = ["start", "plan", "check"].includes(command.name());
    const args = command.registeredArguments.map((argument) => {
      const name = `${argument.name().toUpperCase()}${argument.variadic ? "..." : ""}`;
      return argument.required ? name : `[${name}]`;
    });
    const own = command.options.filter(({ long }) => long !== "--spool" && !(hasSettings && settings.has(long ?? "")));
    const options = own.map(({ flags }) => code(flags)).join(" ");
    return [code([command.name(), ...args].join(" ")), options, command.description()];
  });
}

/** The commands that exist; help is commander's own. */
export function commands(): readonly Command[] {
  return buildProgram(() => undefined).commands;
}

/** Members of a task: name, whether it must be there, what it takes, what it means. */
export function taskRows(): Row[] {
  return memberRows(z.toJSONSchema(taskSchema));
}

/** Members that only a task for a handler has, as `taskRows`. */
export function handlerRows(): Row[] {
  const common = new Set(Object.keys(taskSchema.shape).map(code));
  return memberRows(z.toJSONSchema(handlerTaskSchema())).filter(([name = ""]) => !common.has(name));
}

/** Members of an entry of the schedule, as `taskRows`. */
export function entryRows(): Row[] {
  return memberRows(z.toJSONSchema(entrySchema));
}

/** Members of the data of a sync, as `taskRows`. */
export function syncRows(): Row[] {
  return memberRows(z.toJSONSchema(syncSchema));
}

/** Members of one output, as `taskRows`. */
export function outputRows(): Row[] {
  return memberRows(z.toJSONSchema(taskSchema.shape.outputs.element));
}

/** All words that `position` may be. */
export function positionWords(): string {
  return wordsOf(z.toJSONSchema(taskSchema.shape.outputs.element.shape.position));
}

/** recipe, vars that it takes; what it makes is told in words. */
export function recipeRows(): Row[] {
  const files = readdirSync("spool/recipes").map(
    (file) => [file, readFileSync(`spool/recipes/${file}`, "utf8")] as const,
  );
  return files.map(([file, text]) => {
    const { vars } = parseRecipe(basename(file, ".json"), text);
    return [code(basename(file, ".json")), [...vars.keys()].map(code).join(", ")];
  });
}

/** format, endings that mean it. */
export function formatRows(): Row[] {
  return Object.entries(FORMAT_ENDINGS).map(([format, endings]) => [code(format), endings.map(code).join(" ")]);
}

type Schema = z.core.JSONSchema.BaseSchema;

function memberRows(schema: Schema): Row[] {
  const members = Object.entries(schema.properties ?? {}) as [string, Schema][];
  return members.map(([name, member]) => {
    const needed = schema.required?.includes(name) ? "yes" : "";
    return [code(name), needed, TOLD[name] ?? takes(member), member.description ?? ""];
  });
}

const BATCH = "1 to 64 of `A-Z` `a-z` `0-9` `.` `_` `-`";

/** What has a table or a word of its own. */
const TOLD: Readonly<Record<string, string>> = {
  steps: "list of the steps below",
  encode: "the encoder options below",
  background: "colour",
  tile: "the tile options below",
  dedupe: "true, or a word of at most 256 characters",
  after: "1 to 64 numbers",
  batch: BATCH,
  afterBatch: BATCH,
  runAt: "date and time as `2027-01-31T12:00:00Z`",
  handler: "1 to 64 of `a-z` `0-9` `-`",
  data: "any JSON",
  reads: "at most 256 paths",
  writes: "at most 256 paths",
  cron: "text as `0 3 * * *`",
  timeZone: "a name as `Europe/Berlin`",
  task: "a task, or an order with a recipe",
  match: "1 to 64 patterns",
  recipe: "a name",
  vars: "an object",
};

/** word, argument, what it does. */
export function stepRows(): Row[] {
  const steps = vocabularyRows().filter(({ kind }) => kind === "step");
  return steps.map(({ word, argument, tells }) => [code(word), argument, tells]);
}

/** format, option, what it takes, what it does. */
export function encoderRows(): Row[] {
  const options = vocabularyRows().filter(({ kind }) => kind !== "step" && kind !== "resize" && kind !== "tile");
  return options.map(({ kind, word, argument, tells }) => [code(kind), code(word), argument, tells]);
}

/** option, what it takes, what it does. */
export function tileRows(): Row[] {
  const options = vocabularyRows().filter(({ kind }) => kind === "tile");
  return options.map(({ word, argument, tells }) => [code(word), argument, tells]);
}

function takes(member: Schema): string {
  if (member.enum !== undefined) return member.enum.length > MANY ? "one of the words below" : wordsOf(member);
  if (member.type === "array") return `${member.minItems} to ${member.maxItems} of the objects below`;
  if (member.type === "boolean") return "true or false";
  if (member.type === "integer") return `whole number, ${member.minimum} to ${member.maximum}`;
  if (member.pattern !== undefined) return "64 hexadecimal digits";
  return member.minLength === undefined ? `text, at most ${member.maxLength} characters` : "path";
}

/** Words that would make a table too wide to be read with `cat`. */
const MANY = 8;

function wordsOf(member: Schema): string {
  return (member.enum ?? []).map((word) => code(String(word))).join(" ");
}

function cellsOf(line: string): Row {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function code(text: string): string {
  return `\`${text}\``;
}
