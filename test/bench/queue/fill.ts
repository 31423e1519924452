import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSpool } from "spoold";
import { layoutOf } from "../../../src/spool/layout.ts";
import { openSequence } from "../../../src/spool/sequence.ts";
import { realSystem } from "../../../src/system.ts";
import { encodeTask } from "../../../src/task/key.ts";
import type { Task } from "../../../src/task/task.ts";

/** Files written together. */
const TOGETHER = 256;

/** A spool in which so many of these tasks wait, as `enqueue` would have left them; without its fsyncs, which take long. */
export async function fillSpool(directory: string, count: number, task: Task): Promise<void> {
  await openSpool(directory);
  const layout = layoutOf(directory);
  const first = await openSequence(realSystem(), layout).reserve(count);
  const bytes = encodeTask(task);
  for (let done = 0; done < count; done += TOGETHER) {
    const numbers = Array.from({ length: Math.min(TOGETHER, count - done) }, (_, index) => first + done + index);
    await Promise.all(numbers.map((number) => writeFile(join(layout.tasks, `${number}.json`), bytes, { mode: 0o600 })));
  }
}

/** Puts a handler into a spool. */
export async function placeHandler(directory: string, name: string, source: string): Promise<void> {
  await mkdir(join(directory, "handlers"), { recursive: true });
  await writeFile(join(directory, "handlers", `${name}.js`), source);
}
