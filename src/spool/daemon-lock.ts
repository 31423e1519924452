/**
 * One daemon per spool. The owner is the process that created the highest `run/owner.<generation>.json` by link,
 * which only one contender can win. A generation may follow only on one that is released or whose owner is provably
 * dead; since the dead stay dead and generations only grow, a contender that was delayed for however long cannot take
 * the spool from a living owner: the link that it wants to make exists already.
 *
 * proper-lockfile's `run/daemon.lock` is held beside it: its heartbeat notices that the directory was changed by hand.
 * Its own takeover of stale locks can admit two holders (upstream issue 121), so it is made never to fire.
 */
import { join } from "node:path";
import { SpooldError } from "../errors.ts";
import { ignoring, type System, unlinkIfThere, writeDurably } from "../system.ts";
import { parseObject } from "../task/text.ts";
import { askDaemon } from "./control.ts";
import { holdHeartbeat, isBeating } from "./heartbeat.ts";
import type { Layout } from "./layout.ts";
import { describeSelf, isFromHere, isOwner, isProvablyDead, type Owner } from "./owner.ts";

export interface DaemonLock {
  readonly owner: Owner;
  /** Whether this process still owns the spool: asked before each claim, publish and unlink. */
  isHeld(): Promise<boolean>;
  /** Lets the next daemon start at once. */
  release(): Promise<void>;
}

/** How long a living owner may take to answer, before it counts as alive but busy. */
const ANSWER_MS = 500;
/** For people and scripts; becomes the sign of release by a rename, which a full disk does not refuse. */
const OWNER_COPY = "owner.json";
const OWNER_FILE = /^owner\.([1-9]\d{0,14})\.(json|released)$/;

/**
 * Takes the spool at once, or says who has it.
 * @param lost called once when the lock is lost; nothing may be claimed, published or unlinked afterwards
 * @throws SPOOL_LOCKED with pid, host and since of the owner
 */
export async function acquireDaemonLock(system: System, layout: Layout, lost: () => void): Promise<DaemonLock> {
  const owner = await becomeOwner(system, layout);
  const state = { lost: false };
  const file = ownerFile(layout, owner.generation);
  const identity = await identityOf(file);
  const loseOnce = (): void => {
    if (!state.lost) lost();
    state.lost = true;
  };
  const releaseHeartbeat = await holdHeartbeat(system, layout, loseOnce);
  await announce(system, layout, owner);

  return {
    owner,
    isHeld,
    async release() {
      // Nothing here may hide the error that ends the daemon: the death of this process is proof enough.
      await releaseHeartbeat().catch(() => undefined);
      if (await isHeld().catch(() => false))
        await system.fs.rename(join(layout.run, OWNER_COPY), releasedFile(layout, owner)).catch(() => undefined);
    },
  };

  async function isHeld(): Promise<boolean> {
    const [mine, next] = await Promise.all([identityOf(file), identityOf(ownerFile(layout, owner.generation + 1))]);
    if (mine === undefined || mine !== identity || next !== undefined) loseOnce();
    return !state.lost;
  }

  /** An inode that was freed is given out again: only with its time of birth it tells one file from another. */
  async function identityOf(path: string): Promise<string | undefined> {
    const stat = await ignoring(["ENOENT"], system.fs.lstat(path));
    return stat && `${stat.ino} ${stat.birthtimeMs}`;
  }
}

/** Whether a daemon owns the spool now; one whose death cannot be proved counts as alive. */
export async function livingOwner(system: System, layout: Layout): Promise<Owner | undefined> {
  const latest = await latestGeneration(system, layout);
  if (latest === undefined || latest.released) return undefined;
  const owner = await readOwner(system, layout, latest.generation);
  return owner !== undefined && (await isAlive(system, layout, owner)) ? owner : undefined;
}

async function isAlive(system: System, layout: Layout, owner: Owner): Promise<boolean> {
  return !(await isProvablyDead(system, owner, () => answers(system, layout)));
}

async function becomeOwner(system: System, layout: Layout): Promise<Owner> {
  for (;;) {
    const latest = await latestGeneration(system, layout);
    if (latest !== undefined && !latest.released) await requireDead(system, layout, latest.generation);
    const owner = await describeSelf(system, (latest?.generation ?? 0) + 1);
    if (await createGeneration(system, layout, owner)) return owner;
  }
}

/** @throws SPOOL_LOCKED while the owner of this generation lives, or may live */
async function requireDead(system: System, layout: Layout, generation: number): Promise<void> {
  const owner = await readOwner(system, layout, generation);
  if (owner === undefined) {
    // Not what a daemon writes, or cleared away by a successor: only a living daemon would answer.
    if (await answers(system, layout)) throw new SpooldError("SPOOL_LOCKED", { spool: layout.root, answers: true });
    return;
  }
  if (!(await isAlive(system, layout, owner))) return;
  // Of another machine: nothing proves its death, but a heart that stands still for long is taken for one.
  if (!(await isFromHere(system, owner)) && !(await isBeating(system, layout))) return;
  const { pid, host, since } = owner;
  throw new SpooldError("SPOOL_LOCKED", { pid, since, host, spool: layout.root });
}

/** @returns false when another contender was faster */
async function createGeneration(system: System, layout: Layout, owner: Owner): Promise<boolean> {
  const temporary = join(layout.tmp, `${owner.nonce}.json`);
  await writeDurably(system, temporary, encode(owner));
  const file = ownerFile(layout, owner.generation);
  const created = await ignoring(
    ["EEXIST"],
    system.fs.link(temporary, file).then(() => true),
  );
  await system.fs.unlink(temporary);
  if (created === undefined) return false;
  // A contender that was delayed since before older generations were cleared away may have filled a gap below.
  if ((await latestGeneration(system, layout))?.generation === owner.generation) return true;
  await unlinkIfThere(system, file);
  return false;
}

/** A copy under a constant name for people and scripts, and away with generations that nobody can still be looking at. */
async function announce(system: System, layout: Layout, owner: Owner): Promise<void> {
  const temporary = join(layout.tmp, `${owner.nonce}.json`);
  await writeDurably(system, temporary, encode(owner));
  await system.fs.rename(temporary, join(layout.run, OWNER_COPY));
  for (const name of await system.fs.readdir(layout.run)) {
    const generation = Number(OWNER_FILE.exec(name)?.[1] ?? Number.POSITIVE_INFINITY);
    // The last one before ours stays: until a second look, a listing may have missed ours while it appeared.
    if (generation < owner.generation - 1) await unlinkIfThere(system, join(layout.run, name));
  }
}

async function latestGeneration(
  { fs }: System,
  layout: Layout,
): Promise<{ generation: number; released: boolean } | undefined> {
  const found = (await fs.readdir(layout.run)).map((name) => OWNER_FILE.exec(name)).filter((match) => match !== null);
  const owners = found.filter((match) => match[2] === "json").map((match) => Number(match[1]));
  if (owners.length === 0) return undefined;
  const generation = Math.max(...owners);
  return { generation, released: found.some((match) => match[2] === "released" && Number(match[1]) === generation) };
}

async function readOwner(system: System, layout: Layout, generation: number): Promise<Owner | undefined> {
  const text = await ignoring(["ENOENT"], system.fs.readFile(ownerFile(layout, generation), "utf8"));
  const value = text === undefined ? undefined : parseObject(text);
  return isOwner(value) ? value : undefined;
}

async function answers(system: System, layout: Layout): Promise<boolean> {
  return (await askDaemon(system, layout, { ask: "status" }, ANSWER_MS)) !== undefined;
}

function ownerFile(layout: Layout, generation: number): string {
  return join(layout.run, `owner.${generation}.json`);
}

/** Lies beside the owner's file, which stays, so that its generation can never be created a second time. */
function releasedFile(layout: Layout, { generation }: Owner): string {
  return join(layout.run, `owner.${generation}.released`);
}

function encode(owner: Owner): Buffer {
  return Buffer.from(`${JSON.stringify(owner, null, 2)}\n`);
}
