/** How outputs lie there, and whether a task has made them. */
import { resolve } from "node:path";
import { ignoring, type System } from "../../../system.ts";
import { type FileState, isSameState, type KnownOutput, type KnownSource } from "./known-source.ts";
import type { Ended } from "./standings.ts";

/** How an output lies there; null when it does not, or not all of it. */
export type Look = FileState | null;

/** Nothing of this name can be reached. */
const ABSENT = ["ENOENT", "ENOTDIR"];

/** @param root where relative paths start */
export async function lookAt(
  system: System,
  root: string,
  { file, folder }: Pick<KnownOutput, "file" | "folder">,
): Promise<Look> {
  const stateOf = async (name: string): Promise<Look> => {
    const stat = await ignoring(ABSENT, system.fs.lstat(resolve(root, name), { bigint: true }));
    return stat === undefined ? null : { size: Number(stat.size), mtimeNs: String(stat.mtimeNs) };
  };
  const state = await stateOf(file);
  if (folder === null || folder === file || state === null) return state;
  return (await stateOf(folder)) === null ? null : state;
}

/**
 * What is known of a source once the task is done that was ordered for it: outputs that lie there as the task has made
 * them are remembered as they lie. Without its receipt, those that are no older than the order.
 */
export function seen(known: KnownSource, looks: readonly Look[], { standing, outputs }: Ended): KnownSource {
  const { order } = known;
  if (order === null || order.seen || standing !== "done") return known;
  const isMade = ({ file }: KnownOutput, look: FileState): boolean => {
    if (outputs === null) return BigInt(look.mtimeNs) >= BigInt(Math.trunc(order.atMs)) * 1_000_000n;
    const told = outputs.find((output) => output.file === file);
    return told !== undefined && (told.tiles !== undefined || told.bytes === look.size);
  };
  const remembered = known.outputs.map((output, index) => {
    const look = looks[index] ?? null;
    return look !== null && isMade(output, look) ? { ...output, made: look } : output;
  });
  return { ...known, order: { ...order, seen: true }, outputs: remembered };
}

/** Whether an output lies there and nothing is the matter with it. @param sourceNs when the source was written */
export function isGood({ made }: KnownOutput, look: Look, sourceNs: bigint): boolean {
  return look !== null && (isSameState(made, look) || BigInt(look.mtimeNs) >= sourceNs);
}
