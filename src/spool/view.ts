import { SpooldError, toSpooldError } from "../errors.ts";
import type { System } from "../system.ts";
import { countStates } from "./counts.ts";
import type { SpoolEvents, WatchOptions } from "./events.ts";
import { type Layout, requireSpool, STATES, type State } from "./layout.ts";
import { type Listed, listState } from "./list.ts";
import { watchSpool } from "./watch.ts";

/** What a program may see of a spool, whoever works on it. */
export interface SpoolView {
  /**
   * What happens from now on, in whichever process, until the loop over it is left or the signal aborts. Each end of a
   * task is told once; states that it was in for a short time may be passed over.
   */
  watch(options?: WatchOptions): SpoolEvents;
  /**
   * How many tasks lie in each state; drops that wait in `tasks/` count there.
   * @throws SPOOL_MISSING when it was removed; RESOURCES_SHORT, IO_ERROR
   */
  counts(): Promise<Readonly<Record<State, number>>>;
  /**
   * The tasks in one state, in the order in which they start.
   * @param options `limit`: at most so many, by default all; only those are opened
   * @throws USAGE when there is no such state; SPOOL_MISSING when the spool was removed; RESOURCES_SHORT, IO_ERROR
   */
  list(state: State, options?: { readonly limit?: number }): Promise<readonly Listed[]>;
}

export function viewSpool(system: System, layout: Layout): SpoolView {
  return {
    watch: (options) => watchSpool(system, layout, options),
    counts: () => told(() => countStates(system, layout)),
    async list(state, { limit = Number.POSITIVE_INFINITY } = {}) {
      if (!STATES.includes(state)) throw new SpooldError("USAGE", { state, known: STATES.join(", ") });
      return told(() => listState(system, layout, state, limit));
    },
  };

  async function told<T>(look: () => Promise<T>): Promise<T> {
    try {
      await requireSpool(system, layout);
      return await look();
    } catch (error) {
      throw toSpooldError(error, "IO_ERROR", { spool: layout.root });
    }
  }
}
