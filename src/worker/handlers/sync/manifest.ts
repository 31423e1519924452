/**
 * What a sync remembers of its sources and of the outputs that were made of them, in `run/sync/`:
 *
 *   DIGEST.jsonl               a line for each source in the order of a walk, and one about all; replaced by a rename
 *   DIGEST.42-1.journal        what task 42 has ordered since, in its attempt 1: a line before, and one with the number
 *
 * A journal goes when a manifest has taken it over. Whatever is killed in between, the next sync knows what was ordered.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Layout } from "../../../spool/layout.ts";
import { ignoring, type System, syncDirectory, unlinkIfThere } from "../../../system.ts";
import { isKnownSource, type KnownSource } from "./known-source.ts";
import { appendLines, readLines, startLines } from "./lines.ts";
import { comparePaths } from "./walk.ts";

/** What is said of all sources together. */
interface About {
  /** Of what the recipe said: while it stays the same, so do the outputs. */
  readonly recipeDigest: string;
  readonly sources: number;
}

/** What earlier syncs have left. */
export interface Manifest {
  /** Undefined when there is none. */
  readonly about: About | undefined;
  /** Whether there is a journal that no manifest has taken over. */
  readonly hasJournal: boolean;
  /** All known sources, in the order of a walk. */
  sources(): AsyncGenerator<KnownSource>;
  /** Writes down what is being ordered, durably. */
  note(sources: readonly KnownSource[]): Promise<void>;
  /** Begins a manifest that may take the place of this one. */
  startNext(): Promise<NextManifest>;
}

export interface NextManifest {
  add(source: KnownSource): Promise<void>;
  /** What was added so far, to be gone through once more. */
  reread(): AsyncGenerator<KnownSource>;
  /** Puts it in the place of the one before, durably; journals that it has taken over go. */
  commit(recipeDigest: string): Promise<void>;
  /** Lets the one before stand. Does nothing after a commit. */
  discard(): Promise<void>;
}

/** Opens what was left under a digest. @param run names the journal of this attempt */
export async function openManifest(system: System, layout: Layout, digest: string, run: string): Promise<Manifest> {
  const directory = join(layout.run, "sync");
  const path = join(directory, `${digest}.jsonl`);
  const own = join(directory, `${digest}.${run}.journal`);
  const names = (await ignoring(["ENOENT"], system.fs.readdir(directory))) ?? [];
  const journals = names
    .filter((name) => name.startsWith(`${digest}.`) && name.endsWith(".journal"))
    .map((name) => join(directory, name));
  const noted = await readJournals(system, journals);
  const about = await readAbout(system, path);
  return {
    about,
    hasJournal: noted.length > 0,
    sources: () => merged(sourcesIn(system, path), noted),
    note: (sources) => appendLines(system, own, sources),
    async startNext() {
      if ((await system.fs.mkdir(directory, { recursive: true, mode: 0o700 })) !== undefined)
        await syncDirectory(system, layout.run);
      const body = join(layout.tmp, `${randomUUID()}.jsonl`);
      return startNext(system, { path, directory, superseded: [...journals, own], body });
    },
  };
}

interface Places {
  readonly path: string;
  readonly directory: string;
  readonly superseded: readonly string[];
  readonly body: string;
}

async function startNext(system: System, { path, directory, superseded, body }: Places): Promise<NextManifest> {
  const writer = await startLines(system, body);
  let sources = 0;
  let isOpen = true;
  return {
    async add(source) {
      sources += 1;
      await writer.add(source);
    },
    async *reread() {
      await writer.flush();
      yield* sourcesIn(system, body);
    },
    async commit(recipeDigest) {
      await writer.add({ about: { recipeDigest, sources } });
      isOpen = false;
      await writer.finish();
      await system.fs.rename(body, path);
      await syncDirectory(system, directory);
      for (const journal of superseded) await unlinkIfThere(system, journal);
    },
    async discard() {
      if (isOpen) await writer.drop();
      isOpen = false;
    },
  };
}

/** The last line is no longer than this. */
const MAX_ABOUT = 1_024;

async function readAbout({ fs }: System, path: string): Promise<About | undefined> {
  const handle = await ignoring(["ENOENT"], fs.open(path, "r"));
  if (handle === undefined) return undefined;
  try {
    const from = Math.max(0, (await handle.stat()).size - MAX_ABOUT);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_ABOUT), 0, MAX_ABOUT, from);
    const [line = ""] = buffer.subarray(0, bytesRead).toString().trimEnd().split("\n").slice(-1);
    return (JSON.parse(line) as { about?: About }).about;
  } catch (error) {
    // Somebody has changed it: its outputs are worked out anew.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  } finally {
    await handle.close();
  }
}

async function* sourcesIn(system: System, path: string): AsyncGenerator<KnownSource> {
  for await (const value of readLines(system, path)) if (isKnownSource(value)) yield value;
}

/** What journals say last of each source, in the order of a walk. */
async function readJournals(system: System, paths: readonly string[]): Promise<readonly KnownSource[]> {
  const noted = new Map<string, KnownSource>();
  for (const path of paths) for await (const source of sourcesIn(system, path)) noted.set(source.path, source);
  return [...noted.values()].sort((a, b) => comparePaths(a.path, b.path));
}

/** Two lists in one order as one; of a source that is in both the second counts. */
async function* merged(first: AsyncIterable<KnownSource>, second: readonly KnownSource[]): AsyncGenerator<KnownSource> {
  let at = 0;
  for await (const source of first) {
    for (let next = second[at]; next !== undefined && comparePaths(next.path, source.path) < 0; next = second[++at])
      yield next;
    if (second[at]?.path !== source.path) yield source;
  }
  yield* second.slice(at);
}
