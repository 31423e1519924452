/** A place in which scenes are played, over and over, each time from the same beginning. */
import { execFile } from "node:child_process";
import { lstat, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { spoolTagOf } from "../../../src/spool/tag.ts";
import { realSystem } from "../../../src/system.ts";
import type { Address } from "../strace/calls.ts";

export interface Lane {
  /** What all paths are relative to, and processes run in. */
  readonly work: string;
  /** `work/spool`. */
  readonly spool: string;
  /** How `work` looks at the beginning. */
  readonly template: string;
  /** For what belongs to no scene: logs, ledgers. */
  readonly desk: string;
}

const run = promisify(execFile);

export async function openLane(directory: string, name: string): Promise<Lane> {
  const [work, template, desk] = ["work", "template", "desk"].map((part) => join(directory, name, part));
  const lane = { work: work ?? "", spool: join(work ?? "", "spool"), template: template ?? "", desk: desk ?? "" };
  for (const path of [lane.work, lane.desk]) await mkdir(path, { recursive: true });
  return lane;
}

/** Empties a lane for another scene. */
export async function clear({ work, template, desk }: Lane): Promise<void> {
  for (const path of [work, template, desk]) await rm(path, { recursive: true, force: true, maxRetries: 3 });
  for (const path of [work, desk]) await mkdir(path, { recursive: true });
}

/** Keeps how things are as the beginning. Names of temporaries hold the spool's inode, so that directory stays. */
export async function keepAsTemplate({ work, template }: Lane): Promise<void> {
  await rm(template, { recursive: true, force: true });
  await run("cp", ["-a", work, template]);
}

/** Puts everything back to the beginning. */
export async function restore({ work, spool, template, desk }: Lane): Promise<void> {
  const isSpoolThere = (await readdir(template)).includes("spool");
  const kept = isSpoolThere ? ["!", "-path", spool] : [];
  await run("find", [work, "-mindepth", "1", ...kept, "-delete"]);
  await run("cp", ["-a", `${template}/.`, work]);
  await rm(desk, { recursive: true, force: true });
  await mkdir(desk);
}

/** An address that holds in any lane: below `work`, and without the spool's tag. */
export async function placeless(lane: Lane, address: Address): Promise<Address | undefined> {
  if (address.path === "") return address;
  const path = relative(lane.work, address.path);
  if (path.startsWith("..")) return undefined;
  return renamed(address, path, await tagOf(lane), TAG);
}

/** The address in this lane. */
export async function placed(lane: Lane, address: Address): Promise<Address> {
  if (address.path === "") return address;
  return renamed(address, join(lane.work, address.path), TAG, await tagOf(lane));
}

function renamed({ tail, ...address }: Address, path: string, before: string, after: string): Address {
  const other = { ...address, path: path.replaceAll(before, after) };
  return tail === undefined ? other : { ...other, tail: tail.replaceAll(before, after) };
}

const TAG = "%TAG%";

async function tagOf({ spool }: Lane): Promise<string> {
  const isThere = await lstat(spool).catch(() => undefined);
  return isThere === undefined ? TAG : spoolTagOf(realSystem(), { root: spool });
}

/** What a file of the desk holds; empty when it is not there. */
export function deskFile({ desk }: Lane, name: string): Promise<string> {
  return readFile(join(desk, name), "utf8").catch(() => "");
}
