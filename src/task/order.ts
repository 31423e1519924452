import * as z from "zod";
import { lazily } from "../image/vocabulary/lazily.ts";
import { type Fault, invalidTask } from "./faults.ts";
import { faultsOfIssues } from "./issues.ts";
import { readAs } from "./read-as.ts";
import { taskSchema } from "./task.ts";

/** The longest text that a var may be: that of a path. */
const MAX_VAR_LENGTH = 4_096;
const RECIPE_NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** What a var may be; its limit keeps a small drop from becoming a large task. */
export const varSchema = z.union([z.string().max(MAX_VAR_LENGTH), z.number()], {
  error: `text of at most ${MAX_VAR_LENGTH} characters, or a number`,
});

/** A task that names a recipe instead of its outputs. */
export const orderSchema = lazily(() =>
  taskSchema.omit({ key: true, outputs: true }).extend({
    recipe: z
      .string()
      .regex(RECIPE_NAME, { error: "the name of a recipe: 1 to 64 of a-z, 0-9 and -, no - first" })
      .describe("the recipe that says which pictures to make"),
    vars: z.record(z.string(), varSchema).optional().describe("what the recipe's own words stand for"),
  }),
);

/** A task whose outputs a recipe tells; what it says itself wins over what the recipe says. */
export type RecipeTask = Readonly<z.infer<ReturnType<typeof orderSchema>>>;

/** Whether this is the name of a recipe: then it is also a safe name of a file. */
export function isRecipeName(name: string): boolean {
  return RECIPE_NAME.test(name);
}

/**
 * Reads a task that names a recipe.
 * @returns undefined for a value that names none
 * @throws TASK_INVALID, with pointers into the value
 */
export function readOrder(value: unknown): RecipeTask | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, "recipe")) return undefined;
  const { outputs, ...order } = value as Readonly<Record<string, unknown>>;
  const faults: Fault[] = [];
  if (outputs !== undefined) faults.push({ pointer: "/outputs", expected: "either outputs or a recipe, not both" });
  const parsed = readAs(orderSchema(), order);
  if (!parsed.success) faults.push(...faultsOfIssues(parsed.error.issues, order, orderSchema()));
  const vars = order["vars"];
  // zod passes over this name without a word.
  if (typeof vars === "object" && vars !== null && Object.hasOwn(vars, "__proto__"))
    faults.push({ pointer: "/vars/__proto__", expected: "a var of the recipe" });
  if (!parsed.success || faults.length > 0) throw invalidTask(faults);
  return parsed.data;
}
