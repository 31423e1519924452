import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BIN, freshDirectory } from "./daemon.ts";
import { photographJpeg } from "./pictures.ts";

export const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));

/** A project as a reader has it: a picture in uploads/, spoold among its packages, and its command on the PATH. */
export async function freshProject(): Promise<{ directory: string; path: string }> {
  const directory = await freshDirectory();
  const path = join(directory, "node_modules", ".bin");
  await mkdir(path, { recursive: true });
  await symlink(REPOSITORY, join(directory, "node_modules", "spoold"));
  await writeFile(join(path, "spoold"), `#!/bin/sh\nexec "${process.execPath}" "${BIN}" "$@"\n`);
  await chmod(join(path, "spoold"), 0o755);
  await mkdir(join(directory, "uploads"));
  await writeFile(join(directory, "uploads", "cat.jpg"), await photographJpeg({ width: 2_000, height: 1_500 }));
  return { directory, path };
}
