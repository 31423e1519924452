/** The file `PAUSE` in the spool: as long as it lies there, the daemon starts nothing. What it says is the reason. */
import { constants } from "node:fs";
import { errnoOf } from "../errors.ts";
import { ignoring, type System, unlinkIfThere } from "../system.ts";
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

/** Pauses the spool. A spool that is paused already keeps its reason. */
export async function writePauseFile({ fs }: System, { pauseFile }: Layout, reason: string): Promise<void> {
  const handle = await ignoring(["EEXIST"], fs.open(pauseFile, "wx", 0o600));
  await handle?.writeFile(`${reason}\n`);
  await handle?.close();
}

export async function removePauseFile(system: System, { pauseFile }: Layout): Promise<void> {
  await unlinkIfThere(system, pauseFile);
}
