/**
 * Where every task of a spool lies, as names told when they were last looked at, and what has changed since. Kept by
 * whoever watches a spool: little more than a bit for each task, and no more changes at a time than can be told.
 */
import { join } from "node:path";
import { ignoring, type System } from "../system.ts";
import { readName } from "../task/name.ts";
import { hasReceipt } from "./finish.ts";
import type { Hint } from "./hints.ts";
import { type Layout, requireSpool, type State } from "./layout.ts";
import { createNumberSet } from "./number-set.ts";
import { createShelf, isSamePlace, type NumberedState, type Place, placeNamed } from "./shelf.ts";

export interface Whereabouts {
  /**
   * Looks at the whole spool. Directories that cannot have changed since they were last listed are not read.
   * @param counts at the first look: of which numbers it is told that they are there, and not only of later changes
   */
  lookAtAll(counts?: (number: number) => boolean): Promise<void>;
  /** Looks at the files that hints name. */
  lookAt(hints: ReadonlyMap<State, Hint>): Promise<void>;
  placeOf(number: number): Place | undefined;
  /** What has changed since the last call. */
  takeChanges(): Changes;
  /** Whether more has changed than was taken in: to be looked at again at once. */
  isBehind(): boolean;
}

export interface Changes {
  /** Numbers, each with where it was; undefined where it was unknown. It may be back at its place. */
  readonly moved: ReadonlyMap<number, Place | undefined>;
  /** Names that have come to `rejected/`. */
  readonly rejected: readonly string[];
}

/**
 * The order in which directories are looked at: mostly the one in which tasks move, so that one on its way is found
 * twice rather than not at all.
 */
const ORDER: readonly State[] = ["held", "tasks", "deferred", "active", "failed", "done", "rejected"];
/** Where a number counts as lying that lies in several: a copy that was dropped by hand is not the task yet. */
const PRECEDENCE = ["done", "failed", "active", "deferred", "held", "tasks"] as const;
/** No more changes are taken in at a time. */
const MAX_CHANGES = 10_000;
/** A directory's mtime has grains: one this old when its directory was listed tells of any later change. */
const GRAIN_MS = 2_000;
/** No mtime is trusted for longer: clocks may jump, and people set it. */
const TRUST_MS = 60_000;

interface Stamp {
  readonly mtimeNs: bigint;
  readonly listedAtMs: number;
}

export function openWhereabouts(system: System, layout: Layout): Whereabouts {
  const { fs } = system;
  const shelves = Object.fromEntries(PRECEDENCE.map((state) => [state, createShelf(state)])) as Record<
    NumberedState,
    ReturnType<typeof createShelf>
  >;
  const stamps = new Map<State, Stamp>();
  const cut = new Set<State>();
  /** Names in `rejected/`; undefined before the first look. */
  let known: Set<string> | undefined;
  let moved = new Map<number, Place | undefined>();
  let rejected: string[] = [];
  let isTold = (_number: number): boolean => true;

  return {
    async lookAtAll(counts) {
      isTold = counts ?? (() => true);
      // What ends during the first look must not be taken for something that had ended before it.
      for (const state of counts === undefined ? ORDER : ORDER.toReversed()) await listIfChanged(state);
      isTold = () => true;
    },
    async lookAt(hints) {
      for (const state of ORDER) {
        const hint = cut.has(state) ? "all" : hints.get(state);
        if (hint === "all") await list(state);
        else if (hint !== undefined && state === "rejected") await lookAtDrops(hint);
        else if (hint !== undefined && state !== "rejected") await lookAtNames(state, hint);
      }
      noteFailedAgain(hints.get("active"));
    },
    placeOf,
    takeChanges() {
      const changes = { moved, rejected };
      moved = new Map();
      rejected = [];
      return changes;
    },
    isBehind: () => cut.size > 0,
  };

  function placeOf(number: number): Place | undefined {
    for (const state of PRECEDENCE) {
      const place = shelves[state].placeOf(number);
      if (place !== undefined) return place;
    }
    return undefined;
  }

  async function listIfChanged(state: State): Promise<void> {
    const stat = await ignoring(["ENOENT"], fs.lstat(layout[state], { bigint: true }));
    // Somebody may be making the directory anew; when all of the spool is gone, that is told.
    if (stat === undefined) return requireSpool(system, layout);
    const now = { mtimeNs: stat.mtimeNs, listedAtMs: system.nowMs() };
    if (isUnchanged(stamps.get(state), now)) return;
    stamps.set(state, now);
    await list(state);
  }

  async function list(state: State): Promise<void> {
    cut.delete(state);
    const directory = await ignoring(["ENOENT"], fs.opendir(layout[state], { bufferSize: 1_024 }));
    if (directory === undefined) return requireSpool(system, layout);
    const names = namesOfFiles(directory);
    if (state === "rejected") await listRejected(names);
    else await listNumbered(state, names);
    if (cut.has(state)) stamps.delete(state);
  }

  /** Not every file system lists all that lies in a directory while others change it: no end may be told twice for that. */
  async function listNumbered(state: NumberedState, names: AsyncIterable<string>): Promise<void> {
    const present = createNumberSet();
    for await (const name of names) {
      const kind = readName(name);
      if (kind.kind !== "task") continue;
      present.add(kind.entry.number);
      change(state, kind.entry.number, placeNamed(state, kind.entry));
    }
    for (const number of shelves[state].numbers()) {
      if (!present.has(number) && !(state === "done" && (await hasReceipt(system, layout, number))))
        change(state, number, undefined);
    }
  }

  /** What was rejected before the watch began is not told: it has no number by which somebody could ask for it. */
  async function listRejected(names: AsyncIterable<string>): Promise<void> {
    const present = new Set<string>();
    for await (const name of names) if (known === undefined || isToldAsRejected(name, known)) present.add(name);
    known = present;
  }

  /** @returns false when it is a reason, or has to be told later */
  function isToldAsRejected(name: string, before: ReadonlySet<string>): boolean {
    if (name.endsWith(".reason.json")) return false;
    if (before.has(name)) return true;
    if (rejected.length >= MAX_CHANGES) {
      cut.add("rejected");
      return false;
    }
    rejected.push(name);
    return true;
  }

  async function lookAtDrops(names: ReadonlySet<string>): Promise<void> {
    for (const name of names) {
      const stat = await ignoring(["ENOENT"], fs.lstat(join(layout.rejected, name)));
      if (stat === undefined) known?.delete(name);
      else if (known !== undefined && isToldAsRejected(name, known)) known.add(name);
    }
  }

  /** Those that are gone come first: a file that was given another name is still there. */
  async function lookAtNames(state: NumberedState, names: ReadonlySet<string>): Promise<void> {
    const found: [number, Place][] = [];
    for (const name of names) {
      const kind = readName(name);
      if (kind.kind !== "task") continue;
      const { number } = kind.entry;
      const stat = await ignoring(["ENOENT"], fs.lstat(join(layout[state], name)));
      if (stat?.isFile()) found.push([number, placeNamed(state, kind.entry)]);
      else change(state, number, undefined);
    }
    for (const [number, place] of found) change(state, number, place);
  }

  function change(state: NumberedState, number: number, place: Place | undefined): void {
    const shelf = shelves[state];
    if (isSamePlace(shelf.placeOf(number), place)) return;
    if (isTold(number) && !moved.has(number)) {
      if (moved.size >= MAX_CHANGES) {
        cut.add(state);
        return;
      }
      moved.set(number, placeOf(number));
    }
    if (place === undefined) shelf.remove(number);
    else shelf.put(number, place);
  }

  /** A dead letter that was tried again and has failed again lies where it lay, but it has been in `active/`. */
  function noteFailedAgain(active: Hint | undefined): void {
    if (active === undefined || active === "all") return;
    for (const name of active) {
      const kind = readName(name);
      const place = kind.kind === "task" ? placeOf(kind.entry.number) : undefined;
      if (kind.kind === "task" && place?.state === "failed" && !moved.has(kind.entry.number))
        moved.set(kind.entry.number, place);
    }
  }
}

function isUnchanged(last: Stamp | undefined, now: Stamp): boolean {
  if (last === undefined || last.mtimeNs !== now.mtimeNs) return false;
  const ageMs = now.listedAtMs - last.listedAtMs;
  return last.listedAtMs - Number(last.mtimeNs / 1_000_000n) > GRAIN_MS && ageMs >= 0 && ageMs < TRUST_MS;
}

async function* namesOfFiles(
  directory: AsyncIterable<{ readonly name: string; isFile(): boolean }>,
): AsyncIterable<string> {
  for await (const found of directory) if (found.isFile()) yield found.name;
}
