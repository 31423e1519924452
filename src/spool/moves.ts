/**
 * What people do with tasks, by command: the same renames as with `mv` by hand, with and without a daemon.
 *
 *   hold     tasks, deferred, active ─▶ held         the attempt that runs is given up, and does not count
 *   release  held ─▶ tasks; ─▶ deferred              while the time lies ahead for which it waited
 *   retry    failed ─▶ tasks; deferred ─▶ tasks      its attempts begin at 1; its next attempt is due at once
 *   cancel   tasks, deferred, active, held, failed ─▶ done         with a receipt that says so
 *
 * A crash leaves a task on one side of the rename; how a cancelled one goes on to its receipt is told in `cancel.ts`. A
 * daemon that was about to claim what was moved finds it gone. A task that was just done stays done, and is told so.
 */
import { SpooldError, toSpooldError } from "../errors.ts";
import type { System } from "../system.ts";
import { cancelTask, dropCancelled } from "./cancel.ts";
import type { Found } from "./find.ts";
import { holdTask } from "./hold.ts";
import type { Layout } from "./layout.ts";
import { ringDaemon } from "./let-go.ts";
import { placesOf } from "./places.ts";
import { releasedTo, releaseTask, retryTask } from "./release.ts";
import { readReceipt } from "./standing.ts";

/** What a person may do with a task. */
export type Verb = "hold" | "release" | "retry" | "cancel";

type Place = Found["state"];

/** A task that was moved, or is where it was to go already. */
export interface Moved {
  readonly number: number;
  readonly from: Place;
  readonly to: Place;
}

/** What became of one of several numbers. */
export type MoveResult =
  | ({ readonly kind: "moved" } & Moved)
  /** The error: TASK_NOT_FOUND, MOVE_IMPOSSIBLE, NUMBER_TWICE, DAEMON_SILENT, or what the file system reports. */
  | { readonly kind: "unmoved"; readonly number: number; readonly error: SpooldError };

/** The states from which a task is moved; `hold` leaves one where it is that is held already. */
export const TAKES: Readonly<Record<Verb, readonly Place[]>> = {
  hold: ["tasks", "deferred", "active", "held"],
  release: ["held"],
  retry: ["failed", "deferred"],
  cancel: ["tasks", "deferred", "active", "held", "failed"],
};

/** A task that has gone elsewhere when it is to be moved is looked for so often. */
const MAX_LOOKS = 10;

/**
 * Moves tasks one after the other, and tells of each.
 * @param dryRun tells what would be moved, and moves nothing
 */
export async function* moveTasks(
  system: System,
  layout: Layout,
  wish: { readonly verb: Verb; readonly numbers: Iterable<number>; readonly dryRun?: boolean },
): AsyncGenerator<MoveResult> {
  const { verb, dryRun = false } = wish;
  const numbers = new Set(wish.numbers);
  const places = await placesOf(system, layout, numbers);
  let hasMoved = false;
  try {
    for (const number of numbers) {
      try {
        const moved = await moveOne(system, layout, { verb, number, dryRun, places: places.get(number) ?? [] });
        hasMoved = true;
        yield { kind: "moved", ...moved };
      } catch (error) {
        yield { kind: "unmoved", number, error: toSpooldError(error, "IO_ERROR", { number }) };
      }
    }
  } finally {
    if (hasMoved && !dryRun) await ringDaemon(system, layout);
  }
}

interface OneMove {
  readonly verb: Verb;
  readonly number: number;
  readonly dryRun: boolean;
  readonly places: readonly Found[];
}

async function moveOne(system: System, layout: Layout, wish: OneMove): Promise<Moved> {
  const { verb, number, dryRun } = wish;
  for (let look = 1, found = wish.places; ; look++) {
    const [place, other] = found;
    if (await isEnded(system, layout, { ...wish, places: found })) return { number, from: "done", to: "done" };
    if (place === undefined) throw new SpooldError("TASK_NOT_FOUND", { number });
    if (other !== undefined) {
      throw new SpooldError("NUMBER_TWICE", { number, files: found.map(({ state }) => state).join(" ") });
    }
    const from = place.state;
    if (!TAKES[verb].includes(from) || look > MAX_LOOKS) throw impossible(verb, number, from);
    const to = dryRun ? targetOf(verb, place, system.nowMs()) : await carryOut(system, layout, verb, place);
    if (to === "ended") throw impossible(verb, number, "done");
    if (to !== undefined) return { number, from, to };
    found = (await placesOf(system, layout, [number])).get(number) ?? [];
  }
}

/**
 * Whether a task is cancelled already that is to be; then what a crash has left of it is removed.
 * @throws MOVE_IMPOSSIBLE when it has ended otherwise
 */
async function isEnded(system: System, layout: Layout, { verb, number, dryRun, places }: OneMove): Promise<boolean> {
  const receipt = await readReceipt(system, layout, number);
  if (receipt === undefined) return false;
  if (verb !== "cancel" || receipt.status !== "cancelled") throw impossible(verb, number, "done");
  for (const place of dryRun ? [] : places) {
    if (!(await dropCancelled(system, layout, place, receipt))) throw impossible(verb, number, "done");
  }
  return true;
}

/** @returns where the task lies now; `ended` when it was just done; undefined when it has gone elsewhere meanwhile */
async function carryOut(
  system: System,
  layout: Layout,
  verb: Verb,
  place: Found,
): Promise<Place | "ended" | undefined> {
  switch (verb) {
    case "hold":
      return holdTask(system, layout, place);
    case "release":
      return releaseTask(system, layout, place);
    case "retry":
      return retryTask(system, layout, place);
    case "cancel":
      return cancelTask(system, layout, place);
  }
}

function targetOf(verb: Verb, place: Found, nowMs: number): Place {
  switch (verb) {
    case "hold":
      return "held";
    case "release":
      return releasedTo(place, nowMs);
    case "retry":
      return "tasks";
    case "cancel":
      return "done";
  }
}

function impossible(move: Verb, number: number, state: Place): SpooldError {
  return new SpooldError("MOVE_IMPOSSIBLE", { number, move, state });
}
