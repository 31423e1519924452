/** What a call is for, as far as the calls around it tell. */
import { relative } from "node:path";
import { kindOf } from "../crash/plan.ts";
import type { SeenCall } from "../strace/calls.ts";

/** A call of a run that nobody hurts. */
export interface Role {
  /** As `fsync spool/tmp/*.json → spool/done/N.json`: a temporary tells what becomes of it. */
  readonly name: string;
  readonly call: SeenCall;
}

/** The roles of calls below a directory, each where it is seen first. */
export function rolesIn(calls: readonly SeenCall[], directory: string): ReadonlyMap<string, Role> {
  const roles = new Map<string, Role>();
  for (const [index, call] of calls.entries()) {
    if (!call.paths[0]?.startsWith(directory) || call.errno !== undefined) continue;
    const name = nameOf(call, calls.slice(index), directory);
    if (!roles.has(name)) roles.set(name, { name, call });
  }
  return roles;
}

function nameOf({ call, paths: [path = ""] }: SeenCall, later: readonly SeenCall[], directory: string): string {
  const here = kindOf(call, relative(directory, path));
  const move = later.find((each) => ["link", "rename"].includes(each.call) && each.paths[0] === path);
  const target = move?.paths[1];
  return target === undefined ? here : `${here} → ${kindOf("", relative(directory, target)).trim()}`;
}
