import { SpooldError } from "../../errors.ts";
import type { BuiltIn } from "./contract.ts";

/** Handlers that come with the program, each loaded when it is asked for. A file of such a name is never looked for. */
const BUILT_IN: Readonly<Record<string, () => Promise<BuiltIn>>> = {
  sync: async () => (await import("./sync/sync.ts")).sync,
};

/** Whether a name is the program's own. */
export function isBuiltIn(name: string): boolean {
  return Object.hasOwn(BUILT_IN, name);
}

/** The handler of a name that is the program's own. @throws HANDLER_MISSING when it is not */
export async function loadBuiltIn(handler: string): Promise<BuiltIn> {
  const load = isBuiltIn(handler) ? BUILT_IN[handler] : undefined;
  if (load === undefined) throw new SpooldError("HANDLER_MISSING", { handler, known: builtInNames().join(", ") });
  return load();
}

/** The names of those that there are. */
export function builtInNames(): readonly string[] {
  return Object.keys(BUILT_IN);
}
