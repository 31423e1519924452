import type { Reason, Receipt } from "../task/outcome.ts";

/** What every event about a numbered task tells. */
interface About {
  readonly number: number;
  /** ISO 8601, UTC: when the task ended, as its receipt or reason says; of all else, when it was seen. */
  readonly at: string;
}

/** Something that has happened in a spool, in whichever process. `done` to `gone` are ends. */
export type SpoolEvent =
  /** It lies in `tasks/`: enqueued, dropped under a number, or put back to be tried again. */
  | (About & { readonly kind: "waiting" })
  /** Claimed for an attempt; it may still be next in line for a worker. */
  | (About & { readonly kind: "started"; readonly attempt: number })
  /** It waits for another attempt, or for its time. `attempt` is the one to come; `dueAtMs` is 0 for at once. */
  | (About & { readonly kind: "deferred"; readonly attempt: number; readonly dueAtMs: number })
  | (About & { readonly kind: "held" })
  /** It was held and waits again. */
  | (About & { readonly kind: "released" })
  | (About & { readonly kind: "done" | "fresh" | "cancelled"; readonly receipt: Receipt })
  | (About & { readonly kind: "failed"; readonly reason: Reason })
  /** A drop was no task. `number` is null unless it was seen waiting under one. */
  | {
      readonly kind: "rejected";
      readonly number: number | null;
      /** Its name in `rejected/`. */
      readonly name: string;
      /** Null when it has been taken away already. */
      readonly reason: Reason | null;
      readonly at: string;
    }
  /** It had not ended, and no state holds it any more: removed by hand, or its receipt was pruned before it was seen. */
  | (About & { readonly kind: "gone" });

export interface WatchOptions {
  /** Ends the watch, and with it the loop over it, without an error. */
  readonly signal?: AbortSignal;
  /**
   * Tasks from this number on are told of first, ended or not, as if the watch had begun before them. Who remembers the
   * lowest number of which no end was heard misses none, however long nobody was watching.
   */
  readonly from?: number;
}

/** What happens in a spool, for as long as somebody asks for the next event. */
export interface SpoolEvents extends AsyncIterable<SpoolEvent> {
  next(): Promise<IteratorResult<SpoolEvent, undefined>>;
  /** Ends the watch, also while `next` is waiting. A loop that is left does this by itself. */
  return(): Promise<IteratorResult<SpoolEvent, undefined>>;
  [Symbol.asyncIterator](): SpoolEvents;
}
