import { cp, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freshDirectory } from "./daemon.ts";

/** A copy of the built program in which the worker can be exchanged. */
export interface Installation {
  /** What to start instead of the real one. */
  readonly bin: string;
  /** Lets workers be this program from now on: an ES module. */
  exchangeWorker(source: string): Promise<void>;
  restoreWorker(): Promise<void>;
}

const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));

/** Copies the program; removed at the end of the test. */
export async function copyInstallation(): Promise<Installation> {
  const directory = await freshDirectory();
  for (const part of ["bin", "dist", "package.json"])
    await cp(join(REPOSITORY, part), join(directory, part), { recursive: true });
  await symlink(join(REPOSITORY, "node_modules"), join(directory, "node_modules"));
  const main = join(directory, "dist/worker/main.js");
  return {
    bin: join(directory, "bin/spoold.js"),
    exchangeWorker: (source) => writeFile(main, source),
    restoreWorker: () => cp(join(REPOSITORY, "dist/worker/main.js"), main),
  };
}
