/** How far tasks have come that were ordered before, for many of them: their names are looked at first, not listed. */
import { join } from "node:path";
import { numbersIn } from "../../../spool/find.ts";
import type { Layout, State } from "../../../spool/layout.ts";
import { openPruned } from "../../../spool/pruned.ts";
import { readReceipt, type Standing, standingOf } from "../../../spool/standing.ts";
import { ignoring, type System } from "../../../system.ts";
import { type EntryName, waitingName } from "../../../task/name.ts";
import type { Receipt } from "../../../task/outcome.ts";

/** How a task that was ordered stands, and what it has made. */
export interface Ended {
  readonly standing: Standing;
  /** What its receipt says of its outputs; null when there is no receipt. */
  readonly outputs: Receipt["outputs"] | null;
}

export interface Standings {
  of(task: Pick<EntryName, "number" | "priority">): Promise<Ended>;
}

export function openStandings(system: System, layout: Layout): Standings {
  const { fs } = system;
  const pruned = openPruned(system, layout);
  /** States in which many may lie whose names do not follow from the number; listed once. */
  const listings = new Map<State, Promise<ReadonlySet<number>>>();

  return {
    async of(task) {
      const waiting = join(layout.tasks, waitingName(task));
      if ((await ignoring(["ENOENT"], fs.lstat(waiting))) !== undefined) return { standing: "waiting", outputs: null };
      const receipt = await readReceipt(system, layout, task.number);
      if (receipt === undefined) return { standing: await standingElsewhere(task.number), outputs: null };
      return { standing: receipt.status === "cancelled" ? "cancelled" : "done", outputs: receipt.outputs ?? null };
    },
  };

  async function standingElsewhere(number: number): Promise<Standing> {
    for (const state of ["deferred", "held"] as const) if ((await listed(state)).has(number)) return "waiting";
    if ((await listed("failed")).has(number)) return "failed";
    const end = await pruned.endOf(number);
    // A dead letter that was pruned may have come back from a backup, to be tried again.
    return end === undefined || end === "failed" ? standingOf(system, layout, number) : end;
  }

  function listed(state: State): Promise<ReadonlySet<number>> {
    const known = listings.get(state);
    if (known !== undefined) return known;
    const listing = numbersIn(system, layout[state]).then((numbers) => new Set(numbers));
    listings.set(state, listing);
    return listing;
  }
}
