/** Whether the tasks that a task waits for have ended. */
import { SpooldError } from "../errors.ts";
import { countBatch } from "../spool/batches.ts";
import type { Layout } from "../spool/layout.ts";
import { type Standing, standingOf } from "../spool/standing.ts";
import type { System } from "../system.ts";
import type { Task } from "../task/task.ts";

/**
 * `ready`: it may run. A list: the numbers of those that it waits for and that have not ended. An error: it can never
 * run, for one of them failed or is no more.
 */
export type Readiness = "ready" | readonly number[] | SpooldError;

export interface Chains {
  /**
   * Whether a task may run, as far as those that it names are concerned.
   * @param isWaiting whether a number is known to wait or to run, so that nothing needs to be looked up for it. It may
   *   be the asker's view of a moment ago: what comes of it is for this call alone
   */
  readinessOf(
    number: number,
    task: Pick<Task, "after" | "afterBatch">,
    isWaiting?: (number: number) => boolean,
  ): Promise<Readiness>;
  /** Tasks may have ended since: what waited is looked at again. */
  refresh(): void;
}

/** What was looked up since tasks have last ended. */
interface LookedUp {
  readonly standings: Map<number, Promise<Standing>>;
  /** Numbers of a batch that have not ended. */
  readonly waiting: Map<string, Promise<readonly number[]>>;
}

/** A task that waits for others. */
interface Chained {
  readonly number: number;
  readonly after: readonly number[];
  readonly afterBatch: string | undefined;
  readonly isWaiting: (number: number) => boolean;
}

export function openChains(system: System, layout: Layout): Chains {
  /** What cannot change any more, but by a person. */
  const done = new Set<number>();
  let latest = nothingLookedUp();

  return {
    async readinessOf(number, task, isWaiting = () => false) {
      const { after = [], afterBatch } = task;
      if (after.length === 0 && afterBatch === undefined) return "ready";
      // A task may end during the look-up: what was found then is not kept for those who ask later.
      return find(latest, { number, after, afterBatch, isWaiting });
    },
    refresh() {
      latest = nothingLookedUp();
    },
  };

  async function find(known: LookedUp, { number, after, afterBatch, isWaiting }: Chained): Promise<Readiness> {
    const late = after.find((other) => other >= number);
    if (late !== undefined) return new SpooldError("AFTER_FAILED", { after: late, because: "it is no earlier task" });
    const waitsFor: number[] = [];
    for (const other of after) {
      const standing = isWaiting(other) ? "waiting" : await once(known.standings, other, lookUp);
      if (standing === "waiting") waitsFor.push(other);
      else if (standing !== "done") return new SpooldError("AFTER_FAILED", { after: other, because: standing });
    }
    if (afterBatch !== undefined) {
      const waiting = await once(
        known.waiting,
        afterBatch,
        async () => (await countBatch(system, layout, afterBatch)).waiting,
      );
      waitsFor.push(...waiting.filter((other) => other < number));
    }
    return waitsFor.length === 0 ? "ready" : waitsFor;
  }

  async function lookUp(number: number): Promise<Standing> {
    if (done.has(number)) return "done";
    const standing = await standingOf(system, layout, number);
    if (standing === "done") done.add(number);
    return standing;
  }
}

function nothingLookedUp(): LookedUp {
  return { standings: new Map(), waiting: new Map() };
}

/** Thousands of tasks may wait for the same one: to find it takes a listing of all states. */
function once<Key, Value>(
  known: Map<Key, Promise<Value>>,
  key: Key,
  find: (key: Key) => Promise<Value>,
): Promise<Value> {
  const found = known.get(key) ?? find(key);
  known.set(key, found);
  return found;
}
