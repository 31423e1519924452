import type { System } from "../system.ts";
import { restingName, waitingName } from "../task/name.ts";
import { withAddLock } from "./add-lock.ts";
import { forgetAttempts } from "./attempts.ts";
import type { Found } from "./find.ts";
import type { Layout } from "./layout.ts";
import { relocate } from "./relocate.ts";

/** Where a held task goes on: one that was put aside while it waited for its time waits on. */
export function releasedTo({ entry }: Found, nowMs: number): "tasks" | "deferred" {
  return entry.dueAtMs > nowMs ? "deferred" : "tasks";
}

/**
 * Lets a held task go on where it was. Under the add lock, so that no drop is given its number while it is on the way.
 * @returns where to; undefined when it has gone elsewhere meanwhile
 */
export async function releaseTask(
  system: System,
  layout: Layout,
  place: Found,
): Promise<"tasks" | "deferred" | undefined> {
  const state = releasedTo(place, system.nowMs());
  const name = restingName(place.entry);
  const moved = await withAddLock(system, layout, () => relocate(system, layout, place, { state, name }), true);
  return moved ? state : undefined;
}

/**
 * Lets a task be tried again: a failed one from its first attempt on, a deferred one with its next attempt at once. Its
 * time stays in its name, where it says to the daemon that a person wants it now.
 * @returns `tasks`; undefined when it has gone elsewhere meanwhile
 */
export async function retryTask(system: System, layout: Layout, place: Found): Promise<"tasks" | undefined> {
  const hasFailed = place.state === "failed";
  const name = hasFailed ? waitingName(place.entry) : restingName(place.entry);
  // Its reason keeps them; what a crash has left of them must not count against the new attempts.
  if (hasFailed) await forgetAttempts(system, layout, place.entry.number);
  const moved = await withAddLock(
    system,
    layout,
    () => relocate(system, layout, place, { state: "tasks", name }),
    true,
  );
  return moved ? "tasks" : undefined;
}
