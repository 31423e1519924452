/** What is known of a source of a sync, as a line of its manifest has it. */
import * as z from "zod";
import { destinationNamed } from "../../../image/destinations.ts";
import { readAs } from "../../../task/read-as.ts";
import type { PictureTask } from "../../../task/task.ts";

/** A state of a file. A change that keeps both is none that anybody makes by chance. */
const stateSchema = z.object({ size: z.number(), mtimeNs: z.string().regex(/^-?\d+$/) });

const outputSchema = z.object({
  /** As its task names it. */
  file: z.string(),
  /** The folder of its tiles; `file` itself where that is all there is. */
  folder: z.string().nullable(),
  /** How it lay there when it was seen to have been made by its task; null until then. */
  made: stateSchema.nullable(),
});

const sourceSchema = z.object({
  /** From the directory of the sync on. */
  path: z.string(),
  /** What its outputs were ordered from; null when that is not known, so that they are ordered again. */
  state: stateSchema.nullable(),
  /** The key of its task. */
  key: z.string(),
  /**
   * The task that was ordered; null when the outputs were there before. Its number is null while it is being ordered.
   * `seen`: it was done, and `made` says what it has made.
   */
  order: z
    .object({ number: z.int().min(1).nullable(), priority: z.number(), atMs: z.number(), seen: z.boolean() })
    .nullable(),
  outputs: z.array(outputSchema),
  /** What an earlier form of the recipe has made of it. */
  former: z.array(outputSchema),
});

export type FileState = Readonly<z.infer<typeof stateSchema>>;
export type KnownOutput = Readonly<z.infer<typeof outputSchema>>;
export type KnownSource = Readonly<z.infer<typeof sourceSchema>>;

/** Whether this is what `JSON.stringify` has made of one. */
export function isKnownSource(value: unknown): value is KnownSource {
  return readAs(sourceSchema, value).success;
}

export function isSameState(a: FileState | null, b: FileState | null): boolean {
  return a !== null && b !== null && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

/**
 * A source whose outputs are about to be ordered. What is known of outputs that were made before stays.
 * @param before what was known of it
 */
export function ordering(
  source: Pick<KnownSource, "path" | "state" | "key">,
  task: PictureTask,
  { before, atMs }: { readonly before: KnownSource | undefined; readonly atMs: number },
): KnownSource {
  const known = new Map([...(before?.former ?? []), ...(before?.outputs ?? [])].map((output) => [output.file, output]));
  const outputs = outputsOf(task).map((output) => ({ ...output, made: known.get(output.file)?.made ?? null }));
  for (const { file } of outputs) known.delete(file);
  const order = { number: null, priority: task.priority ?? 0, atMs, seen: false };
  return { ...source, order, outputs, former: [...known.values()] };
}

/** The outputs of a task, of which nothing is known yet. */
export function outputsOf({ outputs }: PictureTask): KnownOutput[] {
  return outputs.map((output) => {
    const { path: file, folder } = destinationNamed(output, (name) => name);
    return { file, folder, made: null };
  });
}
