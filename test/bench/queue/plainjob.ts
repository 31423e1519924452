import { join } from "node:path";
import { better, defineQueue } from "plainjob";

/** The peer without a server: a queue in one SQLite file. */
export interface PlainQueue {
  add(): Promise<void>;
  close(): void;
}

type Database = Parameters<typeof better>[0];

/** SQLite itself is native code: whoever wants the comparison installs it, and nobody else has to build it. */
const DRIVER = "better-sqlite3";

/**
 * @param isSynced whether each job is on the disk when `add` has returned; plainjob itself leaves that to the kernel
 * @returns null when there is no SQLite here; the bench then says so
 */
export async function openPlainQueue(directory: string, data: object, isSynced: boolean): Promise<PlainQueue | null> {
  const Connection = await driver();
  if (Connection === null) return null;
  const connection = better(new Connection(join(directory, `plainjob-${isSynced ? "full" : "normal"}.db`)));
  const queue = defineQueue({ connection, logger: SILENT });
  if (isSynced) connection.pragma("synchronous = FULL");
  return {
    async add() {
      queue.add("task", data);
    },
    close: () => queue.close(),
  };
}

async function driver(): Promise<(new (path: string) => Database) | null> {
  try {
    const found = (await import(DRIVER)) as { readonly default: new (path: string) => Database };
    return found.default;
  } catch {
    // Not installed, or built for another Node.
    return null;
  }
}

const SILENT = { error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined };
