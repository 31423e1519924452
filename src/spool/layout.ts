import { randomUUID } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { errnoOf, SpooldError } from "../errors.ts";
import { ignoring, type System, syncDirectory } from "../system.ts";

/** The states of a task: each is a directory of the spool. */
export const STATES = ["tasks", "active", "deferred", "held", "failed", "rejected", "done"] as const;
export type State = (typeof STATES)[number];

/** Absolute paths of a spool's directories. */
export interface Layout extends Readonly<Record<State, string>> {
  readonly root: string;
  /** Files being written, and drops being taken in. */
  readonly tmp: string;
  /** Locks, the sequence, the owner, the control socket. */
  readonly run: string;
  /** Why earlier attempts of a task that will run again did not succeed. */
  readonly attempts: string;
  /** Second names of receipts, by key; made when it is needed. */
  readonly fresh: string;
  readonly settingsFile: string;
  /** What is enqueued again and again; made by the user. */
  readonly scheduleFile: string;
  /** While it is there, nothing is started. */
  readonly pauseFile: string;
  /** The user's own recipes; made by the user. */
  readonly recipes: string;
  /** The user's handlers, unless the settings name another place; made by the user. */
  readonly handlers: string;
}

/** Where things lie in a spool; touches nothing. */
export function layoutOf(spoolDir: string): Layout {
  const root = resolve(spoolDir);
  const states = Object.fromEntries(STATES.map((state) => [state, join(root, state)])) as Record<State, string>;
  const run = join(root, "run");
  return {
    ...states,
    root,
    tmp: join(root, "tmp"),
    run,
    attempts: join(run, "attempts"),
    fresh: join(run, "fresh"),
    settingsFile: join(root, "spoold.json"),
    scheduleFile: join(root, "schedule.json"),
    pauseFile: join(root, "PAUSE"),
    recipes: join(root, "recipes"),
    handlers: join(root, "handlers"),
  };
}

/** The file whose name says that `highest` was the last number given. */
export function sequencePath(runDirectory: string, highest: number): string {
  return join(runDirectory, `sequence.${highest}`);
}

/**
 * Creates what is missing of a spool, private to its owner. Safe when several processes do it at once.
 * The last thing to appear is `run/` with the sequence in it, by one rename: where it is, the spool is complete.
 */
export async function createSpool(system: System, layout: Layout): Promise<void> {
  const { fs } = system;
  if ((await ignoring(["ENOENT"], fs.lstat(layout.run))) !== undefined) return;
  const made = await fs.mkdir(layout.root, { recursive: true, mode: 0o700 });
  for (const directory of [...STATES.map((state) => layout[state]), layout.tmp]) {
    await ignoring(["EEXIST"], fs.mkdir(directory, { mode: 0o700 }));
  }
  // Durable before run/ appears: from then on other processes commit tasks here without looking further.
  await syncDirectory(system, layout.root);
  for (let path = layout.root; made !== undefined && path.length >= made.length; path = dirname(path)) {
    // EACCES: a parent may be entered but not listed; then its entry is left to the system's own writing back.
    await ignoring(["EACCES"], syncDirectory(system, dirname(path)));
  }
  await placeRun(system, layout);
  await syncDirectory(system, layout.root);
}

/** For commands that only look: they must not create a spool where a path was mistyped. @throws SPOOL_MISSING */
export async function requireSpool({ fs }: System, layout: Layout): Promise<void> {
  const run = await ignoring(["ENOENT", "ENOTDIR"], fs.lstat(layout.run));
  if (run === undefined) throw new SpooldError("SPOOL_MISSING", { directory: layout.root });
}

/**
 * Checks that the spool is whole, on one file system, and that nobody else may write into its own directories.
 * @throws SPOOL_MISSING, SPOOL_SPLIT or SPOOL_UNSAFE, naming the directory
 */
export async function checkSpool({ fs }: System, layout: Layout): Promise<void> {
  const root = await statDirectory(await fs.realpath(layout.root));
  // Whoever may write here may swap whole states; a group may, as many accounts have one of their own.
  if ((root.mode & 0o1002) === 0o002)
    throw new SpooldError("SPOOL_UNSAFE", { directory: layout.root, mode: (root.mode & 0o7777).toString(8) });
  for (const directory of [...STATES.map((state) => layout[state]), layout.tmp, layout.run]) {
    const stat = await statDirectory(directory);
    if (stat.dev !== root.dev) throw new SpooldError("SPOOL_SPLIT", { directory });
    // tasks/ may be shared with other accounts on purpose, but then sticky, so that they cannot take each other's drops.
    const isDropBox = directory === layout.tasks && (stat.mode & 0o1000) !== 0;
    const shared = !isDropBox && (stat.mode & 0o022) !== 0;
    if (shared) throw new SpooldError("SPOOL_UNSAFE", { directory, mode: (stat.mode & 0o7777).toString(8) });
  }

  async function statDirectory(directory: string): Promise<{ dev: number; mode: number }> {
    const stat = await ignoring(["ENOENT", "ENOTDIR"], fs.lstat(directory));
    if (stat === undefined || !stat.isDirectory()) throw new SpooldError("SPOOL_MISSING", { directory });
    return stat;
  }
}

async function placeRun(system: System, layout: Layout): Promise<void> {
  const { fs } = system;
  const staged = join(layout.tmp, `run-${randomUUID()}`);
  await fs.mkdir(join(staged, "attempts"), { recursive: true, mode: 0o700 });
  const handle = await fs.open(sequencePath(staged, 0), "wx", 0o600);
  await handle.close();
  await syncDirectory(system, staged);
  try {
    await fs.rename(staged, layout.run);
  } catch (error) {
    await fs.rm(staged, { recursive: true });
    // Another process placed its own first; one of them is as good as the other.
    if (!["ENOTEMPTY", "EEXIST"].includes(errnoOf(error) ?? "")) throw error;
  }
}
