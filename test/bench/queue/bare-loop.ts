import { randomUUID } from "node:crypto";
import { link, mkdir, open, rename, rmdir, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What a program would do that wants the same on disk as `enqueue`, and nothing else: the limit of what ours can reach. */
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

  return {
    async commit(count) {
      const temporaries = await Promise.all(Array.from({ length: count }, write));
      await mkdir(join(run, "add.lock"));
      await stat(join(run, "add.lock"));
      await rename(join(run, `sequence.${highest}`), join(run, `sequence.${highest + count}`));
      for (const temporary of temporaries) await link(temporary, join(tasks, `${++highest}.json`));
      if (isSynced) await syncTasks();
      await rmdir(join(run, "add.lock"));
      await Promise.all(temporaries.map((temporary) => unlink(temporary)));
    },
  };

  async function write(): Promise<string> {
    const temporary = join(tmp, `${randomUUID()}.json`);
    const handle = await open(temporary, "wx", 0o600);
    await handle.writeFile(bytes);
    if (isSynced) await handle.sync();
    await handle.close();
    return temporary;
  }

  async function syncTasks(): Promise<void> {
    const handle = await open(tasks, "r");
    await handle.sync();
    await handle.close();
  }
}
