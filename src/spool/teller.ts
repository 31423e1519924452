import { join } from "node:path";
import { SpooldError } from "../errors.ts";
import type { System } from "../system.ts";
import { readName, reasonName } from "../task/name.ts";
import type { Reason, Receipt } from "../task/outcome.ts";
import { readReason, readRecord, readWholeReceipt } from "./endings.ts";
import type { SpoolEvent } from "./events.ts";
import type { Layout } from "./layout.ts";
import { isSamePlace, type Place } from "./shelf.ts";
import type { Changes, Whereabouts } from "./whereabouts.ts";

/** Makes events of changes. */
export interface Teller {
  /** What changes mean, one after the other: receipts and reasons are read when their turn comes. */
  tell(changes: Changes): AsyncIterable<SpoolEvent>;
  /** To be called after each look at the whole spool: what such looks do not find is gone. */
  looked(): void;
  /** Whether a task was not to be found where it should be. */
  isMissing(): boolean;
}

/** A task that moves while directories are read may escape a look, so only several that do not find it prove anything. */
const LOOKS_UNTIL_GONE = 3;
/** Dead letters whose last end is remembered: what rang twice for one end is told once. */
const MAX_REMEMBERED = 1_000;

export function openTeller(system: System, layout: Layout, whereabouts: Whereabouts): Teller {
  const missing = new Map<number, { readonly was: Place; looks: number }>();
  const failures = new Map<number, string | null>();

  return {
    async *tell({ moved, rejected }) {
      for (const [number, was] of moved) {
        const event = await eventOf(number, was);
        if (event !== undefined) yield event;
      }
      for (const name of rejected) yield rejection(name);
      for (const [number, { looks }] of missing) {
        if (looks < LOOKS_UNTIL_GONE) continue;
        missing.delete(number);
        yield { kind: "gone", number, at: now() };
      }
    },
    looked() {
      if (whereabouts.isBehind()) return;
      for (const each of missing.values()) each.looks += 1;
    },
    isMissing: () => missing.size > 0,
  };

  async function eventOf(number: number, before: Place | undefined): Promise<SpoolEvent | undefined> {
    const was = missing.get(number)?.was ?? before;
    const place = whereabouts.placeOf(number);
    if (place === undefined) {
      if (was !== undefined && !isEnd(was) && !missing.has(number)) missing.set(number, { was, looks: 0 });
      return undefined;
    }
    missing.delete(number);
    if (!isSamePlace(was, place)) return arrival(number, was, place);
    return place.state === "failed" ? failure(number, true) : undefined;
  }

  async function arrival(number: number, was: Place | undefined, place: Place): Promise<SpoolEvent | undefined> {
    const about = { number, at: now() };
    switch (place.state) {
      case "tasks":
        return { kind: was?.state === "held" ? "released" : "waiting", ...about };
      case "active":
        return { kind: "started", ...about, attempt: place.attempt };
      case "deferred":
        return { kind: "deferred", ...about, attempt: place.attempt, dueAtMs: place.dueAtMs };
      case "held":
        return { kind: "held", ...about };
      case "failed":
        return failure(number, false);
      case "done":
        return receipted(number, was);
    }
  }

  async function receipted(number: number, was: Place | undefined): Promise<SpoolEvent | undefined> {
    failures.delete(number);
    const receipt = await readWholeReceipt(system, layout, number).catch(damaged);
    if (receipt !== undefined && !(receipt instanceof SpooldError)) {
      return { kind: kindOf(receipt), number, at: receipt.endedAt ?? now(), receipt };
    }
    // Pruned since, or damaged by somebody; a dead letter has been told of.
    return was?.state === "failed" ? undefined : { kind: "gone", number, at: now() };
  }

  /** @param again whether it was a dead letter before: then it may be this very end that was told */
  async function failure(number: number, again: boolean): Promise<SpoolEvent | undefined> {
    const read = await readReason(system, layout, number).catch(damaged);
    const reason = read instanceof SpooldError ? unreadable(number, read) : read;
    if (again && failures.get(number) === reason.endedAt) return undefined;
    failures.delete(number);
    failures.set(number, reason.endedAt);
    for (const oldest of failures.keys()) if (failures.size > MAX_REMEMBERED) failures.delete(oldest);
    return { kind: "failed", number, at: reason.endedAt ?? now(), reason };
  }

  async function rejection(name: string): Promise<SpoolEvent> {
    const kind = readName(name);
    const wasSeen = kind.kind === "task" && missing.delete(kind.entry.number);
    const read = await readRecord<Reason>(system, join(layout.rejected, reasonName(name))).catch(damaged);
    const reason = read === undefined || read instanceof SpooldError ? null : read;
    return { kind: "rejected", number: wasSeen ? kind.entry.number : null, name, reason, at: reason?.endedAt ?? now() };
  }

  function now(): string {
    return new Date(system.nowMs()).toISOString();
  }
}

/** One file that a person has damaged must not end the watch of a whole spool. @throws anything else */
function damaged(error: unknown): SpooldError {
  if (error instanceof SpooldError) return error;
  throw error;
}

function unreadable(number: number, error: SpooldError): Reason {
  return { number, supplicant: null, summary: null, error: error.toJSON(), attempts: [], endedAt: null };
}

function isEnd({ state }: Place): boolean {
  return state === "done" || state === "failed";
}

/** Receipts of earlier versions do not say. */
function kindOf({ status }: Receipt): Receipt["status"] {
  return status === "fresh" || status === "cancelled" ? status : "done";
}
