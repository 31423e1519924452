import { constants } from "node:fs";
import { errnoOf, SpooldError } from "../errors.ts";
import type { System } from "../system.ts";
import { MAX_SCHEDULE_BYTES, parseSchedule, type ScheduleEntry } from "../task/schedule.ts";
import type { Layout } from "./layout.ts";

/** `schedule.json` as it lies there. A spool without one has no entries. */
export interface ScheduleFile {
  /** Tells one state of the file from another. */
  readonly fingerprint: string;
  /** When it was written, ms since epoch; 0 where that is not to be had. */
  readonly writtenAtMs: number;
  readonly content: readonly ScheduleEntry[] | SpooldError;
}

/** The machine's own trouble, which is no fault of the file. */
const SHORT = ["EMFILE", "ENFILE", "ENOMEM"];

/**
 * Reads `schedule.json`. What cannot be read is as wrong as what cannot be understood.
 * @param known the fingerprint of the state that the caller has read
 * @returns undefined when it has not changed
 */
export async function readScheduleFile(
  { fs }: System,
  { scheduleFile }: Pick<Layout, "scheduleFile">,
  known?: string,
): Promise<ScheduleFile | undefined> {
  try {
    // O_NONBLOCK keeps a FIFO from hanging the daemon.
    const handle = await fs.open(scheduleFile, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      const stat = await handle.stat({ bigint: true });
      const state = {
        fingerprint: `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs}`,
        writtenAtMs: Number(stat.mtimeMs),
      };
      if (state.fingerprint === known) return undefined;
      if (!stat.isFile()) return { ...state, content: unreadable("something else") };
      if (stat.size > MAX_SCHEDULE_BYTES) return { ...state, content: unreadable(`${stat.size} bytes`) };
      return { ...state, content: parsed((await handle.readFile()).toString()) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const errno = errnoOf(error) ?? "unknown";
    if (SHORT.includes(errno)) throw error;
    if (errno === known) return undefined;
    return { fingerprint: errno, writtenAtMs: 0, content: errno === "ENOENT" ? [] : unreadable(errno) };
  }
}

function parsed(text: string): readonly ScheduleEntry[] | SpooldError {
  try {
    return parseSchedule(text);
  } catch (error) {
    if (error instanceof SpooldError) return error;
    throw error;
  }
}

function unreadable(received: string): SpooldError {
  const expected = `a regular file of at most ${MAX_SCHEDULE_BYTES} bytes that may be read`;
  return new SpooldError("SCHEDULE_INVALID", { faults: [{ pointer: "", expected, received }], count: 1 });
}
