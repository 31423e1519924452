import { SpooldError } from "../../src/errors.ts";
import { type Fault, faultsOfError } from "../../src/task/faults.ts";
import { readOrder } from "../../src/task/order.ts";
import { parseRecipe, renderRecipe } from "../../src/task/recipe.ts";
import type { PictureTask } from "../../src/task/task.ts";

/** A recipe with one output. */
export const withFile = (file: string, vars: object = {}): object => ({ vars, outputs: [{ file, width: 10 }] });

/** What a recipe called `r` makes of a task that names it. */
export function render(recipe: object, order: object): PictureTask {
  const read = readOrder(order);
  if (read === undefined) throw new TypeError("the order names no recipe");
  return renderRecipe(parseRecipe("r", JSON.stringify(recipe)), read);
}

/** The faults that work ends with; none when it ends well. */
export function faultsOf(work: () => unknown): readonly Fault[] {
  try {
    work();
  } catch (error) {
    if (error instanceof SpooldError) return faultsOfError(error);
    throw error;
  }
  return [];
}
