/**
 * Which claims of this daemon have begun. A claim may wait in line for a worker; when the daemon dies, only an attempt
 * that had begun may have been what killed it. One line for each worker in `run/begun`, overwritten in place:
 *
 *   boot 2f0c…            the boot in which it was written
 *   42.a1                 the attempt whose pixels that worker was last at
 *
 * It is not synced: after kill -9 the kernel still has it, and after a crash of the machine every claim counts.
 */
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { ignoring, type System } from "../system.ts";
import type { Layout } from "./layout.ts";
import { bootId } from "./owner.ts";

interface AttemptId {
  readonly number: number;
  readonly attempt: number;
}

/** Tells the next start which attempts have begun. */
export interface BegunMarks {
  /** @param place of the worker among the workers, from 0 */
  mark(place: number, id: AttemptId): Promise<void>;
  close(): Promise<void>;
}

/** Every line has this many characters, so that it can be overwritten. */
const LINE_LENGTH = 64;

/** Starts anew at the first mark: until then the marks of the daemon before this one stand. */
export function createBegunMarks(system: System, layout: Pick<Layout, "run">): BegunMarks {
  let opened: Promise<FileHandle> | undefined;
  return {
    async mark(place, { number, attempt }) {
      opened ??= openFresh(system, layout);
      const opening = opened;
      // A disk that is full now may have room for the next mark.
      const handle = await opening.catch((error: unknown) => {
        if (opened === opening) opened = undefined;
        throw error;
      });
      await writeLine(handle, 1 + place, `${number}.a${attempt}`);
    },
    async close() {
      // Whoever wanted a mark was told that there is none.
      const handle = await opened?.catch(() => undefined);
      await handle?.close();
    },
  };
}

/**
 * What the daemon before this one has told.
 * @returns whether an attempt may have begun: true where nothing can be known
 */
export async function readBegunMarks(
  system: System,
  { run }: Pick<Layout, "run">,
): Promise<(id: AttemptId) => boolean> {
  const text = await ignoring(["ENOENT", "EACCES", "EISDIR"], system.fs.readFile(join(run, "begun"), "latin1"));
  // The line of a worker that has begun nothing yet is a hole in the file: it reads as NULs and has no end.
  const [first, ...lines] = (text ?? "").split(/[\n\0]+/).map((line) => line.trim());
  const boot = await bootId(system);
  if (boot === null || first !== `boot ${boot}`) return () => true;
  return ({ number, attempt }) => lines.includes(`${number}.a${attempt}`);
}

async function openFresh(system: System, { run }: Pick<Layout, "run">): Promise<FileHandle> {
  // Without waiting for anybody, so that a `System` may write to it at once: a mark is a line.
  const { O_RDWR, O_CREAT, O_TRUNC, O_NOFOLLOW, O_NONBLOCK } = constants;
  const flags = O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK;
  const handle = await system.fs.open(join(run, "begun"), flags, 0o600);
  try {
    await writeLine(handle, 0, `boot ${await bootId(system)}`);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return handle;
}

async function writeLine(handle: FileHandle, line: number, text: string): Promise<void> {
  await handle.write(`${text.padEnd(LINE_LENGTH - 1)}\n`, line * LINE_LENGTH);
}
