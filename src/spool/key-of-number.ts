import { ignoring, type System } from "../system.ts";
import { parseObject } from "../task/text.ts";
import { findTask } from "./find.ts";
import type { Layout } from "./layout.ts";
import { readTaskFile } from "./task-file.ts";

/** The key of the task that has a number, ended or not; undefined when no state holds it, or it says none. */
export async function keyOfNumber(system: System, layout: Layout, number: number): Promise<string | undefined> {
  const found = await findTask(system, layout, number);
  if (found === undefined) return undefined;
  if (found.state !== "done") {
    const file = await readTaskFile(system, found.path);
    return file.kind === "committed" ? file.task.key : undefined;
  }
  const text = await ignoring(["ENOENT"], system.fs.readFile(found.path, "utf8"));
  const key = parseObject(text ?? "")?.["key"];
  return typeof key === "string" ? key : undefined;
}
