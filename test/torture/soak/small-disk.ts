/** A file system of its own for a spool, so small that it can be filled. Needs root and Linux. */
import { execFileSync } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { mkdir, rm, statfs } from "node:fs/promises";
import { join } from "node:path";

export interface SmallDisk {
  readonly directory: string;
  /** Leaves no free block. */
  fill(): Promise<void>;
  free(): Promise<void>;
  unmount(): void;
}

/** @returns undefined where nothing can be mounted: then no disk is filled, and the report says so */
export async function mountSmallDisk(directory: string, mebibytes: number): Promise<SmallDisk | undefined> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return undefined;
  await mkdir(directory);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m,nr_inodes=200k,mode=700`, "tmpfs", directory], {
      stdio: "ignore",
    });
  } catch {
    // In a container, perhaps.
    return undefined;
  }
  let isMounted = true;
  const unmount = (): void => {
    if (!isMounted) return;
    isMounted = false;
    process.off("exit", unmount);
    // Lazily: a child that is being killed may hold a file a moment longer.
    execFileSync("umount", ["-l", directory]);
  };
  process.on("exit", unmount);
  const filler = join(directory, "filler");
  return {
    directory,
    unmount,
    free: () => rm(filler, { force: true }),
    async fill() {
      for (;;) {
        writeUntilFull(filler);
        if ((await statfs(directory)).bavail === 0) return;
      }
    },
  };
}

function writeUntilFull(path: string): void {
  const file = openSync(path, "a");
  try {
    for (let size = 1024 * 1024; size >= 4_096; ) {
      try {
        writeSync(file, Buffer.alloc(size, 1));
      } catch {
        // No room for so much; for less, perhaps.
        size /= 2;
      }
    }
  } finally {
    closeSync(file);
  }
}
