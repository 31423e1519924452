import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf } from "../errors.ts";
import { ignoring, type System } from "../system.ts";

/** Who owns a spool: enough to prove that the process is dead, and to tell a person whom to ask. */
export interface Owner {
  /** Grows by one with each owner; the highest one owns the spool. */
  readonly generation: number;
  readonly nonce: string;
  readonly host: string;
  /** Tells machines apart that have the same name; null where there is none. */
  readonly machineId: string | null;
  /** Changes at every boot; null where the system does not tell (macOS). */
  readonly bootId: string | null;
  /** Names the pid namespace, so that pids are only compared within one; null where there is none. */
  readonly pidNamespace: string | null;
  readonly pid: number;
  /** When the process started, in clock ticks since boot: a pid used again does not pass for the owner. */
  readonly pidStart: string | null;
  /** ISO 8601, UTC. */
  readonly since: string;
}

/** Between taking a spool and listening at its socket a daemon lets no more than this pass. */
const STARTUP_MS = 1_000;

/** This process as an owner. */
export async function describeSelf(system: System, generation: number): Promise<Owner> {
  return {
    generation,
    nonce: randomUUID(),
    host: hostname(),
    machineId: await machineId(system),
    bootId: await bootId(system),
    pidNamespace: await pidNamespace(system),
    pid: process.pid,
    pidStart: (await processStart(system, process.pid)) ?? null,
    since: new Date(system.nowMs()).toISOString(),
  };
}

/**
 * Whether an owner is provably dead. What cannot be proved counts as alive.
 * @param answers whether something accepts connections at the owner's control socket; asked only when pids cannot tell
 */
export async function isProvablyDead(system: System, owner: Owner, answers: () => Promise<boolean>): Promise<boolean> {
  if (!(await isFromHere(system, owner))) return false;
  const boot = await bootId(system);
  if (boot !== null && owner.bootId !== null && owner.bootId !== boot) return true; // this machine has booted since
  if (owner.pidNamespace !== (await pidNamespace(system))) return !(await answersSoon(answers));
  if (owner.pidStart !== null) return (await processStart(system, owner.pid)) !== owner.pidStart;
  return !processExists(owner.pid);
}

/** Whether an owner is of this machine, so that its death can be proved; a container is, while its host has not booted. */
export async function isFromHere(system: System, owner: Owner): Promise<boolean> {
  const boot = await bootId(system);
  if (boot === null) return owner.host === hostname(); // macOS: there is nothing better to go by
  const machine = await machineId(system);
  return owner.bootId === boot || (owner.host === hostname() && machine !== null && owner.machineId === machine);
}

/** Whether this is what `describeSelf` makes; people may have put anything under its name. */
export function isOwner(value: unknown): value is Owner {
  if (typeof value !== "object" || value === null) return false;
  const { nonce, host, pid, since } = value as Readonly<Record<string, unknown>>;
  return [nonce, host, since].every((member) => typeof member === "string") && typeof pid === "number";
}

/** An owner that has only just started may not listen yet. */
async function answersSoon(answers: () => Promise<boolean>): Promise<boolean> {
  if (await answers()) return true;
  await sleep(STARTUP_MS);
  return answers();
}

/** The identity of the running boot, or null where the system does not tell. */
export async function bootId({ fs }: System): Promise<string | null> {
  const text = await ignoring(["ENOENT"], fs.readFile("/proc/sys/kernel/random/boot_id", "utf8"));
  return text?.trim() ?? null;
}

/** The start time of a living process, in clock ticks since boot; undefined when there is none, or only a zombie. */
async function processStart({ fs }: System, pid: number): Promise<string | undefined> {
  const stat = await ignoring(["ENOENT", "ESRCH"], fs.readFile(`/proc/${pid}/stat`, "utf8"));
  // The command name may hold blanks and brackets; the fields begin after the last bracket.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields === undefined || fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

async function machineId({ fs }: System): Promise<string | null> {
  return (await ignoring(["ENOENT"], fs.readFile("/etc/machine-id", "utf8")))?.trim() ?? null;
}

async function pidNamespace({ fs }: System): Promise<string | null> {
  return (await ignoring(["ENOENT"], fs.readlink("/proc/self/ns/pid"))) ?? null;
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === "EPERM"; // it lives, under another account
  }
}
