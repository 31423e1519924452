/**
 * A recipe is a task without its source, with placeholders in its text:
 *   { "describes": …, "vars": { "album": "", "quality": 80, "owner": null }, "outputs": [ … ], "summary": …, … }
 * `vars` names the words that a task may give, with their defaults; null means that it must give one. A var whose
 * default is a number is a number: text that spells one will do, and `"{quality}"` alone becomes it. Any other var
 * is text.
 */
import { closest } from "fastest-levenshtein";
import * as z from "zod";
import { SpooldError } from "../errors.ts";
import { type Fault, faultsOfError, invalidTask } from "./faults.ts";
import { faultsOfIssues, pointerTo } from "./issues.ts";
import { type RecipeTask, varSchema } from "./order.ts";
import { checkPictureTask } from "./parse.ts";
import { fillIn, type Place, type Words, within } from "./placeholders.ts";
import { readAs } from "./read-as.ts";
import { fillOutput, withKey, withSize, wordsOfSource } from "./render.ts";
import { type PictureTask, taskSchema } from "./task.ts";
import { parseJson } from "./text.ts";

/** A recipe that has been read: what it asks for is not checked before it is filled in. */
export interface Recipe {
  readonly name: string;
  /** Words that a task may give, with their defaults; null for one that it must. */
  readonly vars: Words;
  readonly outputs: readonly unknown[];
  /** What else a task may say of itself: `summary`, `priority` and so on. */
  readonly members: Readonly<Record<string, unknown>>;
}

const MEMBERS = Object.keys(taskSchema.shape).filter((member) => member !== "key" && member !== "source");

const recipeSchema = z.strictObject({
  ...Object.fromEntries(MEMBERS.map((member) => [member, z.unknown().optional()])),
  outputs: z.array(z.unknown()).min(1),
  describes: z.string().max(1_024).optional(),
  vars: z.record(z.string(), varSchema.nullable()).optional(),
});

/** Words that mean the same in every recipe. */
const FIXED_WORDS = ["name", "dir", "ext", "width", "height", "key"];
const VAR_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const NUMBER = /^-?\d+(\.\d+)?$/;

/**
 * Reads a recipe from the text of its file.
 * @throws TASK_INVALID with faults that name the recipe, and pointers into its file
 */
export function parseRecipe(name: string, text: string): Recipe {
  return naming(name, () => {
    const value = parseJson(text);
    const parsed = readAs(recipeSchema, value);
    if (!parsed.success) {
      throw invalidTask(faultsOfIssues(parsed.error.issues, value, recipeSchema));
    }
    const { describes: _forPeople, vars = {}, outputs, ...members } = parsed.data;
    const faults = Object.keys(vars).flatMap(faultsOfVarName);
    if (faults.length > 0) throw invalidTask(faults);
    return { name, vars: new Map(Object.entries(vars)), outputs, members };
  });
}

/**
 * Makes a plain task of a recipe and a task that names it.
 * @throws TASK_INVALID: faults in the vars have pointers into the task, all others name the recipe and point into it
 */
export function renderRecipe(recipe: Recipe, order: RecipeTask): PictureTask {
  const { recipe: _name, vars = {}, source, ...given } = order;
  const words = new Map([...wordsOfSource(source), ...boundVars(recipe, vars)]);
  const own = Object.fromEntries(Object.entries(given).filter(([, member]) => member !== undefined));
  return naming(recipe.name, () =>
    withKey((key) => {
      const faults: Fault[] = [];
      const place: Place = { pointer: "", words: words.set("key", key), report: (fault) => faults.push(fault) };
      const lists = within(place, "outputs");
      const outputs = recipe.outputs.map((output, index) => fillOutput(output, within(lists, index)));
      const members = fillIn(recipe.members, { ...place, words: withSize(words, {}) });
      if (faults.length > 0) throw invalidTask(faults);
      return checkPictureTask({ source, outputs, ...(members as Recipe["members"]), ...own });
    }),
  );
}

/** What the vars stand for. @throws TASK_INVALID for one that is unknown, missing or no number where it must be one */
function boundVars({ vars }: Recipe, given: Readonly<Record<string, string | number>>): Words {
  const known = [...vars.keys()];
  const faults: Fault[] = Object.keys(given)
    .filter((word) => !vars.has(word))
    .map((word) => unknownVar(word, given[word], known));
  const bound = new Map<string, string | number>();
  for (const [word, fallback] of vars) {
    const value = Object.hasOwn(given, word) ? given[word] : fallback;
    const pointer = pointerTo(["vars", word]);
    if (value === null || value === undefined) faults.push({ pointer, expected: `a value for {${word}}` });
    else if (typeof fallback !== "number") bound.set(word, String(value));
    else if (typeof value === "number" || NUMBER.test(value)) bound.set(word, Number(value));
    else faults.push({ pointer, expected: "a number", received: JSON.stringify(value).slice(0, 200) });
  }
  if (faults.length > 0) throw invalidTask(faults);
  return bound;
}

function unknownVar(word: string, value: unknown, known: readonly string[]): Fault {
  const pointer = pointerTo(["vars", word]);
  const received = JSON.stringify(value).slice(0, 200);
  if (known.length === 0) return { pointer, expected: "no vars, for the recipe has none", received };
  return { pointer, expected: `one of ${known.join(", ")}`, received, nearest: closest(word, known) };
}

function faultsOfVarName(word: string): Fault[] {
  const pointer = pointerTo(["vars", word]);
  if (FIXED_WORDS.includes(word)) return [{ pointer, expected: `a word other than ${FIXED_WORDS.join(", ")}` }];
  return VAR_NAME.test(word)
    ? []
    : [{ pointer, expected: "a word of 1 to 64 letters, digits, _ and -, a letter first" }];
}

/** Lets the faults that arise within say that they are in the recipe's file. */
function naming<T>(recipe: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SpooldError)) throw error;
    throw invalidTask(
      faultsOfError(error).map((fault) => ({ ...fault, recipe })),
      error.cause,
    );
  }
}
