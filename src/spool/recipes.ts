import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { closest } from "fastest-levenshtein";
import { SpooldError } from "../errors.ts";
import { ignoring, type System } from "../system.ts";
import { invalidTask } from "../task/faults.ts";
import { isRecipeName, type RecipeTask, readOrder } from "../task/order.ts";
import { parseRecipe, type Recipe, renderRecipe } from "../task/recipe.ts";
import { renderPlain } from "../task/render.ts";
import type { PictureTask, Task } from "../task/task.ts";
import { MAX_TASK_BYTES } from "../task/text.ts";
import type { Layout } from "./layout.ts";
import { readTaskFile } from "./task-file.ts";

/** The recipes that come with the package; a spool's own of the same name wins. */
const SHIPPED = fileURLToPath(new URL("../../spool/recipes/", import.meta.url));

/** The names of the recipes that come with the package. */
export async function shippedRecipes({ fs }: System): Promise<readonly string[]> {
  const files = await fs.readdir(SHIPPED);
  return files.filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -".json".length));
}

type Place = Pick<Layout, "recipes">;

/**
 * Makes the task that will run of what people may write: with outputs, or with a recipe, which is read anew each time.
 * The value is read before the first wait, so that nobody can change it meanwhile.
 * @throws TASK_INVALID with faults in the task or in the recipe; RECIPE_MISSING
 */
export async function renderTask(system: System, layout: Place, value: unknown): Promise<Task> {
  const order = readOrder(value);
  const task = order === undefined ? renderPlain(value) : await renderOrder(system, layout, order);
  return withoutDelay(task, system.nowMs());
}

/** Makes the task of a recipe, as `renderTask` does. */
export async function renderRecipeTask(system: System, layout: Place, order: RecipeTask): Promise<PictureTask> {
  const read = readOrder(order) ?? order;
  return renderOrder(system, layout, read);
}

async function renderOrder(system: System, layout: Place, order: RecipeTask): Promise<PictureTask> {
  return renderRecipe(await readRecipe(system, layout, order.recipe), order);
}

/** A delay counts from now on: what is written down is the time that it leads to. */
function withoutDelay(task: Task, nowMs: number): Task {
  if (task.delay === undefined) return task;
  const { delay, ...rest } = task;
  return { ...rest, runAt: new Date(nowMs + delay).toISOString() };
}

/** Reads a recipe by its name: the spool's own, else the one that comes with the package. @throws as `renderTask` */
export async function readRecipe(system: System, { recipes }: Place, name: string): Promise<Recipe> {
  for (const directory of [recipes, SHIPPED]) {
    const file = await readTaskFile(system, join(directory, `${name}.json`));
    if (file.kind === "committed" || file.kind === "drop") return parseRecipe(name, file.bytes.toString());
    if (file.kind === "unreadable" && file.gone) continue;
    const received = file.kind === "oversized" ? `${file.fingerprint.size} bytes` : file.because;
    const expected = `a regular file of at most ${MAX_TASK_BYTES} bytes that may be read`;
    throw invalidTask([{ pointer: "", recipe: name, expected, received }]);
  }
  throw await missing(system, recipes, name);
}

async function missing({ fs }: System, recipes: string, name: string): Promise<SpooldError> {
  const files = await Promise.all(
    [recipes, SHIPPED].map((directory) => ignoring(["ENOENT", "ENOTDIR"], fs.readdir(directory))),
  );
  const names = files.flatMap((list) => list ?? []).filter((file) => file.endsWith(".json"));
  const known = [...new Set(names.map((file) => file.slice(0, -".json".length)).filter(isRecipeName))].sort();
  return new SpooldError("RECIPE_MISSING", { recipe: name, nearest: closest(name, known), known: known.join(", ") });
}
