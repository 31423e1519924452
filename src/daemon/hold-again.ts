import { SpooldError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Layout } from "../spool/layout.ts";
import { somethingWaits } from "../spool/waiting.ts";
import type { System } from "../system.ts";

/** How one hold of the spool has ended. */
export interface HoldEnd {
  readonly exitCode: 0 | 1;
  /** What the last look saw, as `state/name`; null when the daemon was told to stop and shall not go on. */
  readonly seen: ReadonlySet<string> | null;
}

/** A name that no look ever sees must not keep the daemon at it for ever. */
const MAX_HOLDS = 100;

/**
 * Holds the spool until it is empty, lets go of it, and looks once more. Whoever enqueues a task looks for a living daemon
 * afterwards, and starts none when there is one. Either it finds the spool let go, or its task was there before that,
 * and is seen here: none is left lying that came in at the end.
 *
 * A daemon that is killed before that look leaves such a task to the next one that is started, as any other kill does.
 * @param hold takes the spool, works, and lets it go
 * @returns the exit code
 */
export async function holdAgain(
  { system, layout, log }: { readonly system: System; readonly layout: Layout; readonly log: Log },
  hold: () => Promise<HoldEnd>,
): Promise<0 | 1> {
  let { exitCode, seen } = await hold();
  for (let holds = 1; holds < MAX_HOLDS && seen !== null && (await somethingWaits(system, layout, seen)); holds++) {
    log.event("info", "daemon goes on", { because: "something came in at the end" });
    const next = await hold().catch(leaveToAnother);
    if (next === undefined) break;
    seen = next.seen;
    if (next.exitCode !== 0) exitCode = next.exitCode;
  }
  return exitCode;
}

/** Another daemon has taken the spool meanwhile, and sees what came in. */
function leaveToAnother(error: unknown): undefined {
  if (error instanceof SpooldError && error.code === "SPOOL_LOCKED") return undefined;
  throw error;
}
