import { SpooldError, toSpooldError } from "../errors.ts";
import type { System } from "../system.ts";
import type { SpoolEvent, SpoolEvents, WatchOptions } from "./events.ts";
import { openHints } from "./hints.ts";
import type { Layout } from "./layout.ts";
import { openSequence } from "./sequence.ts";
import { openTeller } from "./teller.ts";
import { openWhereabouts } from "./whereabouts.ts";

/** How often a watch looks without having been told to: hints may be lost, or not to be had at all. */
const LOOK_EVERY_MS = 2_000;
/** The same while a task is missed that may only be on its way. */
const LOOK_FOR_MISSED_MS = 500;
/** A look at a huge spool takes long; looks that nobody rang for may take this part of the time at most. */
const LOOK_SHARE = 0.05;

/**
 * Tells what happens in a spool from the names in its directories: whoever made it happen, in whichever process.
 * It begins with the call. States that a task was in for a short time may be passed over, the more the longer the
 * consumer takes between events; but the end of every task that had not ended by then, or has come since, is told, and
 * told once. A dead letter that was tried again ends again. Memory grows with `deferred/` and by a bit for each other
 * task that lies in the spool, not with the time that a consumer takes.
 * @throws from `next`, and then ends: SPOOL_MISSING when the spool is gone, RESOURCES_SHORT, IO_ERROR
 */
export function watchSpool(system: System, layout: Layout, options: WatchOptions = {}): SpoolEvents {
  const { signal, from = Number.POSITIVE_INFINITY } = options;
  const hints = openHints(system, layout);
  const whereabouts = openWhereabouts(system, layout);
  const teller = openTeller(system, layout, whereabouts);
  let isClosed = false;
  let lookedAtMs = system.monotonicMs();
  let lookTookMs = 0;
  signal?.addEventListener("abort", close, { once: true });
  if (signal?.aborted) close();
  const begun = isClosed ? Promise.resolve() : begin();
  // Whoever asks for the first event hears of it.
  begun.catch(() => undefined);
  const events = tellAll();

  const stream: SpoolEvents = {
    next: () => events.next(),
    return() {
      close();
      return events.return(undefined);
    },
    [Symbol.asyncIterator]: () => stream,
  };
  return stream;

  async function* tellAll(): AsyncGenerator<SpoolEvent, undefined> {
    try {
      await begun;
      while (!isClosed) {
        for await (const event of teller.tell(whereabouts.takeChanges())) {
          if (isClosed) return;
          yield event;
        }
        if (!whereabouts.isBehind()) await hints.wait(untilLookMs());
        if (isClosed) return;
        await whereabouts.lookAt(hints.take());
        if (untilLookMs() <= 0) await look();
      }
    } catch (error) {
      throw error instanceof SpooldError ? error : toSpooldError(error, "IO_ERROR", { spool: layout.root });
    } finally {
      close();
    }
  }

  /** A number above the highest one that was given by now is news, even when its task ends during the first look. */
  async function begin(): Promise<void> {
    const highest = await openSequence(system, layout).highest();
    await look((number) => number > highest || number >= from);
  }

  async function look(counts?: (number: number) => boolean): Promise<void> {
    lookedAtMs = system.monotonicMs();
    await whereabouts.lookAtAll(counts);
    teller.looked();
    lookTookMs = system.monotonicMs() - lookedAtMs;
  }

  function untilLookMs(): number {
    const gapMs = Math.max(teller.isMissing() ? LOOK_FOR_MISSED_MS : LOOK_EVERY_MS, lookTookMs / LOOK_SHARE);
    return lookedAtMs + gapMs - system.monotonicMs();
  }

  function close(): void {
    isClosed = true;
    hints.close();
    signal?.removeEventListener("abort", close);
  }
}
