/** What `enqueue` can tell of a task's outputs before anybody works on it. Loaded by producers: never loads sharp. */
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { resolve } from "node:path";
import type { System } from "../system.ts";
import type { PictureTask } from "../task/task.ts";
import type { Size, SourceShape } from "./geometry.ts";
import { shapeIn } from "./peek.ts";
import { foretoldSize } from "./sizes.ts";

/** The sizes of JPEGs that hold a small picture and a long profile stand behind these. */
const PREFIXES = [64 * 1024, 512 * 1024];

/**
 * The final sizes of a task's outputs, in their order, by the header of its source as it is now.
 * @param root where relative paths start
 * @returns null for each output whose size is not known to the pixel; for all when the source cannot be read
 */
export async function foretellSizes(
  system: System,
  task: PictureTask,
  root: string,
): Promise<readonly (Size | null)[]> {
  const shape = await shapeOf(system, resolve(root, task.source)).catch(() => undefined);
  return task.outputs.map((output) => (shape === undefined ? null : foretoldSize(output, shape)));
}

/** Nobody waits for a pipe, and no terminal is taken. Links are followed: confining the source is the worker's part. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

async function shapeOf({ fs }: System, path: string): Promise<SourceShape | undefined> {
  const handle = await fs.open(path, FLAGS);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) return undefined;
    for (const length of PREFIXES) {
      const shape = shapeIn(await readPrefix(handle, Math.min(length, stat.size)));
      if (shape !== undefined || stat.size <= length) return shape;
    }
    return undefined;
  } finally {
    await handle.close();
  }
}

async function readPrefix(handle: FileHandle, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await handle.read(buffer, 0, length, 0);
  return buffer.subarray(0, bytesRead);
}
