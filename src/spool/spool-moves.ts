/** What a program may do with tasks that wait, run or have failed: the same as `spoold hold` and its like. */
import { toSpooldError } from "../errors.ts";
import type { System } from "../system.ts";
import { askDaemon } from "./control.ts";
import type { Layout } from "./layout.ts";
import { ringDaemon } from "./let-go.ts";
import { type MoveResult, moveTasks, type Verb } from "./moves.ts";
import { removePauseFile, writePauseFile } from "./pause-file.ts";

/** Moves tasks by their numbers, one after the other. */
type MoveTasks = (numbers: number | readonly number[]) => Promise<readonly MoveResult[]>;

/** What can be done with a spool besides enqueueing. A task that cannot be moved is told in the result, not thrown. */
export interface SpoolMoves {
  /** Parks tasks until they are released; the worker of one that runs is killed, and its attempt does not count. */
  readonly hold: MoveTasks;
  /** Lets held tasks go on where they were. */
  readonly release: MoveTasks;
  /** Tries failed tasks again from their first attempt on, and deferred ones at once. */
  readonly retry: MoveTasks;
  /** Ends tasks that are not done, with a receipt that says `cancelled`; the worker of one that runs is killed. */
  readonly cancel: MoveTasks;
  /** Lets the daemon start nothing more. @returns false when the spool was paused already: then its reason stays */
  pause(reason?: string): Promise<boolean>;
  /** Ends a pause, also one that the daemon has made for failures alike. @returns false when no person had paused it */
  resume(): Promise<boolean>;
}

/** How long a daemon may take to answer. */
const ANSWER_MS = 2_000;

export function movesOf(system: System, layout: Layout): SpoolMoves {
  const moving =
    (verb: Verb): MoveTasks =>
    async (numbers) => {
      const wish = { verb, numbers: typeof numbers === "number" ? [numbers] : numbers };
      const results: MoveResult[] = [];
      try {
        for await (const result of moveTasks(system, layout, wish)) results.push(result);
        return results;
      } catch (error) {
        // The spool itself is out of reach; nothing was moved.
        throw toSpooldError(error, "IO_ERROR", { spool: layout.root });
      }
    };
  return {
    hold: moving("hold"),
    release: moving("release"),
    retry: moving("retry"),
    cancel: moving("cancel"),
    pause: (reason = "") => pauseSpool(system, layout, reason),
    resume: () => resumeSpool(system, layout),
  };
}

/** @returns false when the spool was paused already */
export async function pauseSpool(system: System, layout: Layout, reason: string): Promise<boolean> {
  const paused = await writePauseFile(system, layout, reason).catch((error: unknown) => failed(layout, error));
  await ringDaemon(system, layout);
  return paused;
}

/** @returns false when no person had paused it; a daemon that has paused by itself tries again all the same */
export async function resumeSpool(system: System, layout: Layout): Promise<boolean> {
  const resumed = await removePauseFile(system, layout).catch((error: unknown) => failed(layout, error));
  await askDaemon(system, layout, { ask: "resume" }, ANSWER_MS).catch(() => undefined);
  return resumed;
}

function failed({ pauseFile }: Layout, error: unknown): never {
  throw toSpooldError(error, "IO_ERROR", { file: pauseFile });
}
