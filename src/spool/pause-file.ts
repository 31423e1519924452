/** The file `PAUSE` in the spool: as long as it lies there, the daemon starts nothing. What it says is the reason. */
import { constants } from "node:fs";
import { errnoOf } from "../errors.ts";
import { ignoring, type System, syncDirectory } from "../system.ts";
import type { Layout } from "./layout.ts";

/** A reason longer than this is cut. */
const MAX_REASON = 200;

/** @returns the reason, perhaps empty; undefined when the spool is not paused */
export async function readPauseFile({ fs }: System, { pauseFile }: Layout): Promise<string | undefined> {
  if ((await ignoring(["ENOENT"], fs.lstat(pauseFile))) === undefined) return undefined;
  try {
    const handle = await fs.open(pauseFile, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_REASON), 0, MAX_REASON, 0);
      return buffer.subarray(0, bytesRead).toString().split("\n")[0]?.trim() ?? "";
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Whatever lies there, it says: pause. That it cannot be read is no reason to go on, only that it is gone.
    return errnoOf(error) === "ENOENT" ? undefined : "";
  }
}

/** Pauses the spool, durably. @returns false when it is paused already: then its reason stays */
export async function writePauseFile(system: System, { pauseFile, root }: Layout, reason: string): Promise<boolean> {
  const handle = await ignoring(["EEXIST"], system.fs.open(pauseFile, "wx", 0o600));
  if (handle === undefined) return false;
  try {
    // It is paused by now; a full disk takes the reason only.
    await ignoring(["ENOSPC", "EDQUOT"], handle.writeFile(`${reason.replaceAll("\n", " ")}\n`));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncDirectory(system, root);
  return true;
}

/** Ends the pause, durably. @returns false when the spool was not paused */
export async function removePauseFile(system: System, { pauseFile, root }: Layout): Promise<boolean> {
  const removed = await ignoring(
    ["ENOENT"],
    system.fs.unlink(pauseFile).then(() => true),
  );
  await syncDirectory(system, root);
  return removed ?? false;
}
