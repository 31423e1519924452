/**
 * How far each entry of the schedule has come: `run/schedule/NAME.json`, replaced by a rename.
 *
 * A run is enqueued in four steps, each durable before the next: its number is taken from the sequence; the record says
 * that this run goes under that number; the task is committed under it; the record says that the run is done with.
 * Whoever finds a record of the second kind sees by the number whether the task was committed, and by its key that it is
 * this one: after a crash of the machine a number may be given again. So a run is enqueued once, wherever the daemon
 * dies; a number may be left over.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import * as z from "zod";
import type { SerializedError } from "../errors.ts";
import { ignoring, type System, syncDirectory, unlinkIfThere, writeDurably } from "../system.ts";
import { readAs } from "../task/read-as.ts";
import { parseObject } from "../task/text.ts";
import type { Layout } from "./layout.ts";

const time = z.iso.datetime();
const number = z.int().min(1);

const recordSchema = z.object({
  /** The line of cron that the rest is about; null while the entry is switched off. */
  line: z.string().nullable(),
  /** All times up to this one have been dealt with. */
  since: time,
  /** The run that was enqueued last, and the number of its task. */
  lastAt: time.nullable(),
  lastNumber: number.nullable(),
  /** A run that is being enqueued: the number and the key that its task gets. */
  pending: z.object({ at: time, number, key: z.string() }).nullable(),
  /** Why nothing could be enqueued for the last time that was due. */
  problem: z.custom<SerializedError>((value) => typeof value === "object" && value !== null).nullable(),
});

/** How far an entry has come. */
export type EntryRecord = Readonly<z.infer<typeof recordSchema>>;

/** The record of an entry; undefined when there is none, or somebody has damaged it: then its times begin anew. */
export async function readEntryRecord(
  { fs }: System,
  layout: Pick<Layout, "run">,
  name: string,
): Promise<EntryRecord | undefined> {
  const text = await ignoring(["ENOENT", "EISDIR"], fs.readFile(pathOf(layout, name), "utf8"));
  const read = readAs(recordSchema, parseObject(text ?? ""));
  return read.success ? read.data : undefined;
}

/** Replaces the record of an entry, durably. */
export async function writeEntryRecord(
  system: System,
  layout: Pick<Layout, "run" | "tmp">,
  name: string,
  record: EntryRecord,
): Promise<void> {
  const directory = directoryOf(layout);
  if ((await system.fs.mkdir(directory, { recursive: true, mode: 0o700 })) !== undefined)
    await syncDirectory(system, layout.run);
  const temporary = join(layout.tmp, `${randomUUID()}.json`);
  await writeDurably(system, temporary, Buffer.from(`${JSON.stringify(record, null, 2)}\n`));
  await system.fs.rename(temporary, pathOf(layout, name));
  await syncDirectory(system, directory);
}

/** Forgets entries that are no more: who comes back under the name of one begins anew. */
export async function forgetOtherEntries(
  system: System,
  layout: Pick<Layout, "run">,
  names: ReadonlySet<string>,
): Promise<void> {
  const directory = directoryOf(layout);
  for (const file of (await ignoring(["ENOENT"], system.fs.readdir(directory))) ?? [])
    if (file.endsWith(".json") && !names.has(file.slice(0, -".json".length)))
      await unlinkIfThere(system, join(directory, file));
}

function directoryOf({ run }: Pick<Layout, "run">): string {
  return join(run, "schedule");
}

function pathOf(layout: Pick<Layout, "run">, name: string): string {
  return join(directoryOf(layout), `${name}.json`);
}
