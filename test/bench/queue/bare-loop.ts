import { randomUUID } from "node:crypto";
import {
  closeSync,
  fsync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/**
 * What a program would do that wants the same on disk as `enqueue`, and nothing else, by the fastest calls that Node has
 * for it: only fsync waits in another thread, so that several may be under way. The limit of what ours can reach.
 */
export interface BareLoop {
  /** Commits as many files as are given, as one group: one hold of the lock, one fsync of the directory. */
  commit(count: number): Promise<void>;
}

/** An empty directory for the loop. @param isSynced whether files and directory are fsynced */
export async function openBareLoop(directory: string, bytes: Uint8Array, isSynced: boolean): Promise<BareLoop> {
  const [tmp, tasks, run] = ["tmp", "tasks", "run"].map((name) => join(directory, name)) as [string, string, string];
  for (const place of [tmp, tasks, run]) await mkdir(place, { recursive: true });
  let highest = 0;
  await writeFile(join(run, "sequence.0"), "");

  const synced = promisify(fsync);

  return {
    async commit(count) {
      const temporaries = await Promise.all(Array.from({ length: count }, write));
      mkdirSync(join(run, "add.lock"));
      statSync(join(run, "add.lock"));
      renameSync(join(run, `sequence.${highest}`), join(run, `sequence.${highest + count}`));
      for (const temporary of temporaries) linkSync(temporary, join(tasks, `${++highest}.json`));
      if (isSynced) await syncTasks();
      rmdirSync(join(run, "add.lock"));
      for (const temporary of temporaries) unlinkSync(temporary);
    },
  };

  async function write(): Promise<string> {
    const temporary = join(tmp, `${randomUUID()}.json`);
    const file = openSync(temporary, "wx", 0o600);
    writeFileSync(file, bytes);
    if (isSynced) await synced(file);
    closeSync(file);
    return temporary;
  }

  async function syncTasks(): Promise<void> {
    const directory = openSync(tasks, "r");
    await synced(directory);
    closeSync(directory);
  }
}
