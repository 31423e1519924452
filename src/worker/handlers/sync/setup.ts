import { createHash } from "node:crypto";
import { posix, relative, resolve } from "node:path";
import { SpooldError } from "../../../errors.ts";
import { isInside, resolveSource, unreadable } from "../../../image/paths.ts";
import { type Layout, layoutOf } from "../../../spool/layout.ts";
import { readRecipe } from "../../../spool/recipes.ts";
import { renderRecipe } from "../../../task/recipe.ts";
import type { PictureTask } from "../../../task/task.ts";
import type { BuiltInContext, GivenTask } from "../contract.ts";
import { outputsOf } from "./known-source.ts";
import { matcherOf, type SyncRequest } from "./request.ts";
import { isReached, type Walk } from "./walk.ts";

/** What a sync works with. */
export interface Setup {
  readonly layout: Layout;
  readonly walk: Omit<Walk, "unreadable">;
  /** Where relative paths of tasks start. */
  readonly root: string;
  /** The batch in which the tasks are counted that it orders. */
  readonly batch: string;
  /** Of what the recipe says now. */
  readonly recipeDigest: string;
  /** The task that the recipe makes of a source. @throws TASK_INVALID, or SYNC_REFUSED when it would be fed by itself */
  readonly taskOf: (path: string) => PictureTask;
  /** How a source is named in tasks. */
  readonly nameOf: (path: string) => string;
}

/**
 * Finds out what is to be compared with what, and whether it can be.
 * @throws SOURCE_MISSING, SOURCE_UNREADABLE, PATH_OUTSIDE_ROOTS, RECIPE_MISSING, TASK_INVALID or SYNC_REFUSED
 */
export async function setUp(given: GivenTask, context: BuiltInContext, request: SyncRequest): Promise<Setup> {
  const { system, roots, spool } = context;
  const { from, recipe: recipeName, vars, recursive, match } = request;
  const directory = await directoryOf(context, from);
  const walk = { directory, recursive, matches: matcherOf(match), except: spool };
  const layout = layoutOf(spool);
  const recipe = await readRecipe(system, layout, recipeName);
  const batch = `sync-${given.number}`;
  const { supplicant = "sync", priority } = given;
  const about = { supplicant, batch, dedupe: true as const, ...(priority !== undefined && { priority }) };
  const root = roots[0] ?? "/";
  const nameOf = (path: string): string => posix.join(from, path);
  const taskOf = (path: string): PictureTask => {
    const task = renderRecipe(recipe, { source: nameOf(path), recipe: recipeName, vars, ...about });
    requireElsewhere(task, { root, walk });
    return task;
  };
  // What is wrong with the recipe or its vars is wrong for all.
  taskOf("picture.jpg");
  const said = JSON.stringify([[...recipe.vars], recipe.outputs, recipe.members]);
  const recipeDigest = createHash("sha256").update(said).digest("hex");
  return { layout, walk, root, batch, recipeDigest, taskOf, nameOf };
}

async function directoryOf({ system, roots, spool }: BuiltInContext, from: string): Promise<string> {
  const directory = await resolveSource(system, from, roots);
  const stat = await system.fs.lstat(directory).catch((error: unknown) => {
    throw unreadable(error, { path: from });
  });
  if (!stat.isDirectory()) throw new SpooldError("SYNC_REFUSED", { from, because: "it is no directory" });
  if (isInside(directory, [spool])) throw new SpooldError("SYNC_REFUSED", { from, because: "it lies in the spool" });
  return directory;
}

/** An output that is a source of the next sync would have outputs of its own, and so on without end. */
function requireElsewhere(task: PictureTask, { root, walk }: Pick<Setup, "root" | "walk">): void {
  const isFed = (name: string, isFolder: boolean): boolean => {
    const path = relative(walk.directory, resolve(root, name));
    if (path === "" || path.startsWith("..")) return false;
    return isFolder ? walk.recursive : isReached(walk, path);
  };
  for (const { file, folder } of outputsOf(task))
    if ((folder !== null && isFed(folder, true)) || (folder !== file && isFed(file, false)))
      throw new SpooldError("SYNC_REFUSED", {
        source: task.source,
        file,
        because: "the output would be a source as well",
      });
}
