/** What a sync is asked for: the `data` of its task. */
import { createHash } from "node:crypto";
import { posix } from "node:path";
import * as z from "zod";
import { filePath } from "../../../image/vocabulary/values.ts";
import { invalidTask } from "../../../task/faults.ts";
import { faultsOfIssues } from "../../../task/issues.ts";
import { isRecipeName, varSchema } from "../../../task/order.ts";
import { readAs } from "../../../task/read-as.ts";
import { FORMAT_ENDINGS } from "../../../task/task.ts";

/** Longer than an upload pauses; a picture that was changed less than this ago is left for the next time. */
const SETTLE_MS = 5_000;

export const syncSchema = z.strictObject({
  from: filePath.describe("the directory of the sources"),
  match: z
    .array(
      z
        .string()
        .min(1)
        .max(256)
        .refine((text) => !text.includes("/"), "a pattern of names, without /"),
    )
    .min(1)
    .max(64)
    .optional()
    .describe("which names are pictures, with `*` and `?`; default the endings of pictures"),
  recursive: z.boolean().optional().describe("also what lies in directories below; default false"),
  recipe: z
    .string()
    .refine(isRecipeName, "the name of a recipe: 1 to 64 of a-z, 0-9 and -, no - first")
    .describe("the recipe that says which pictures to make"),
  vars: z.record(z.string(), varSchema).optional().describe("what the recipe's own words stand for"),
  remove: z.boolean().optional().describe("remove outputs whose source is gone; default false"),
  allowEmpty: z.boolean().optional().describe("remove them also when no picture is left at all; default false"),
  settleMs: z.int().min(0).max(3_600_000).optional().describe("ms that a source must lie unchanged; default 5000"),
  dryRun: z.boolean().optional().describe("only tell what would be done; default false"),
});

type Asked = z.infer<typeof syncSchema>;

/** A checked request, with its defaults. */
export type SyncRequest = { readonly [Member in keyof Asked]-?: NonNullable<Asked[Member]> };

/** Names of pictures that are opened without being asked for. */
const PICTURES = Object.values(FORMAT_ENDINGS)
  .flat()
  .map((ending) => `*${ending}`);

/** @throws TASK_INVALID with pointers into the task */
export function readRequest(data: unknown): SyncRequest {
  const parsed = readAs(syncSchema, data);
  if (!parsed.success) {
    const faults = faultsOfIssues(parsed.error.issues, data, syncSchema);
    throw invalidTask(faults.map((fault) => ({ ...fault, pointer: `/data${fault.pointer}` })));
  }
  const { match, recursive, vars, remove, allowEmpty, settleMs, dryRun, recipe, from } = parsed.data;
  return {
    from: posix.normalize(from).replace(/(?<=.)\/$/, ""),
    match: match ?? PICTURES,
    recursive: recursive ?? false,
    recipe,
    vars: vars ?? {},
    remove: remove ?? false,
    allowEmpty: allowEmpty ?? false,
    settleMs: settleMs ?? SETTLE_MS,
    dryRun: dryRun ?? false,
  };
}

/** Names what is remembered of a sync: that of the same directory by the same recipe with the same vars. */
export function digestOf({ from, recipe, vars }: Pick<SyncRequest, "from" | "recipe" | "vars">): string {
  const sorted = Object.entries(vars).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([from, recipe, sorted]))
    .digest("hex")
    .slice(0, 32);
}

/** Whether a name fits one of several patterns, whatever the case of its letters. */
export function matcherOf(patterns: readonly string[]): (name: string) => boolean {
  const lower = patterns.map((pattern) => pattern.toLowerCase());
  return (name) => lower.some((pattern) => fits(name.toLowerCase(), pattern));
}

/** Goes back to the last `*` alone: a pattern of many of them costs no more than the product of both lengths. */
function fits(name: string, pattern: string): boolean {
  let [at, star, from] = [0, -1, 0];
  for (let index = 0; index < name.length; ) {
    if (pattern[at] === "*") [star, from] = [at++, index];
    else if (pattern[at] === "?" || pattern[at] === name[index]) [at, index] = [at + 1, index + 1];
    else if (star >= 0) [at, index] = [star + 1, ++from];
    else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}
