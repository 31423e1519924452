import { type ErrorCode, SpooldError } from "../../../errors.ts";
import type { Ticket } from "../../../spool/spool.ts";
import { keyOf } from "../../../task/key.ts";
import type { PictureTask } from "../../../task/task.ts";
import { isSameState, type KnownSource } from "./known-source.ts";
import type { Manifest, NextManifest } from "./manifest.ts";
import type { Tally } from "./tally.ts";

/** Lines of the next manifest in the order of the walk, and the tasks that are ordered on the way. */
export interface Orders {
  /** A source of which no task is ordered. */
  keep(known: KnownSource): Promise<void>;
  /** @param before what was known of it */
  order(known: KnownSource, task: PictureTask, before: KnownSource | undefined): Promise<void>;
  /** Orders what is held back still. */
  flush(): Promise<void>;
}

export interface OrdersContext {
  readonly manifest: Pick<Manifest, "note">;
  readonly next: NextManifest;
  readonly tally: Tally;
  readonly enqueue: (task: PictureTask) => Promise<Pick<Ticket, "number" | "isNew">>;
  /** Instead of being ordered, tasks are only told of. @returns the number of one that is queued already */
  readonly dryRun: ((task: PictureTask) => Promise<number | undefined>) | null;
}

interface Held {
  readonly known: KnownSource;
  readonly before: KnownSource | undefined;
  readonly task: PictureTask | null;
}

/** Tasks that are committed together: they share a write of the journal before, and one after. */
const MAX_TASKS = 128;
const MAX_HELD = 1_024;

/** What is wrong with one task alone, and no reason to end the sync. */
const OF_ONE_TASK: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["TASK_INVALID", "TASK_TOO_LARGE"]);

export function createOrders({ manifest, next, tally, enqueue, dryRun }: OrdersContext): Orders {
  let held: Held[] = [];
  let tasks = 0;

  const hold = async (one: Held): Promise<void> => {
    held.push(one);
    if (one.task !== null) tasks += 1;
    if (tasks >= MAX_TASKS || held.length >= MAX_HELD) await flush();
  };
  return {
    keep: (known) => hold({ known, before: known, task: null }),
    order: (known, task, before) => hold({ known, before, task }),
    flush,
  };

  /** The journal knows of an order before there is one, and of its number as soon as there is one. */
  async function flush(): Promise<void> {
    const ordered = held.filter(({ task }) => task !== null);
    const done = new Map<Held, KnownSource | undefined>();
    if (ordered.length > 0 && dryRun === null) await manifest.note(ordered.map(({ known }) => known));
    const results = await Promise.allSettled(ordered.map(async (one) => done.set(one, await place(one))));
    const noted = [...done.values()].filter((known) => known !== undefined);
    if (noted.length > 0 && dryRun === null) await manifest.note(noted);
    for (const result of results) if (result.status === "rejected") throw result.reason;
    for (const one of held) {
      const known = done.has(one) ? done.get(one) : one.known;
      if (known !== undefined) await next.add(known);
    }
    held = [];
    tasks = 0;
  }

  /** @returns what is known from now on; undefined when nothing is, for there can be no such task */
  async function place({ known, before, task }: Held): Promise<KnownSource | undefined> {
    if (task === null) return known;
    try {
      return await (dryRun === null ? commit(known, before, task) : tell(known, task, dryRun));
    } catch (error) {
      if (!(error instanceof SpooldError) || !OF_ONE_TASK.has(error.code)) throw error;
      tally.list("left", { file: task.source, because: error.message });
      return before;
    }
  }

  async function commit(known: KnownSource, before: KnownSource | undefined, task: PictureTask): Promise<KnownSource> {
    const { number, isNew } = await enqueue({ ...task, key: keyOf(task) });
    if (isNew) tally.list("enqueued", { source: task.source, number });
    else tally.count("queued");
    // One that was queued before may have begun, and may so have read what the source was before.
    const isOfThisState = isNew || isSameState(before?.state ?? null, known.state);
    const order = known.order === null ? null : { ...known.order, number };
    return { ...known, order, state: isOfThisState ? known.state : null };
  }

  async function tell(
    known: KnownSource,
    task: PictureTask,
    find: (task: PictureTask) => Promise<number | undefined>,
  ): Promise<KnownSource> {
    const number = await find(task);
    if (number === undefined) tally.list("enqueued", { source: task.source, number: null });
    else tally.count("queued");
    return known;
  }
}
