import { join } from "node:path";
import { type Intake, returnReason, takeIn } from "../spool/intake.ts";
import type { TasksView } from "../spool/scan.ts";
import { createSettler } from "../spool/settle.ts";
import { fingerprintOf, leftAlone, readTaskFile } from "../spool/task-file.ts";
import { ignoring } from "../system.ts";
import { describeFault, faultsOfError } from "../task/faults.ts";
import { readName, waitingName } from "../task/name.ts";
import { parseObject } from "../task/text.ts";
import type { DaemonContext } from "./context.ts";

/** What people put into `tasks/` by hand, until it has become a task or gone to `rejected/`. */
export interface Drops {
  /** Looks at all drops in a view and takes in those that have settled. @returns how many have become tasks that it lacks */
  tend(view: TasksView): Promise<number>;
  /** Says of a file with the name of a task that enqueue did not write it, or that its number is spent. */
  note(file: string, because: "unkeyed" | "spent"): void;
  /** Tells of a file that is left alone, once. */
  report(name: string, because: string): void;
  /** Whether a file in `tasks/` is a drop, as far as is known. */
  has(file: string): boolean;
  /** Drops that will become tasks or be rejected when they have lain long enough. */
  settling(): number;
  /** How many drops were rejected since the start. */
  rejected(): number;
  /** In how many ms the next drop may have settled; Infinity when none is settling. */
  nextLookMs(): number;
}

/** No look takes in more than this, so that workers do not wait while thousands of drops are copied. */
const MAX_TAKEN_IN = 64;

export function openDrops(context: DaemonContext): Drops {
  const { system, layout, settings, log } = context;
  const settler = createSettler();
  const noted = new Map<string, "unkeyed" | "spent">();
  const reported = new Set<string>();
  let nextLook = Number.POSITIVE_INFINITY;
  let settling = 0;
  let accepted = 0;
  let rejectedCount = 0;

  return {
    async tend(view) {
      await context.committer.tidy();
      const names = dropsIn(view);
      forgetOthers(new Set([...names, ...view.foreign]));
      for (const name of view.foreign) report(name, "not a task file");
      for (const name of view.reasons) await returnReason(system, layout, name);
      nextLook = Number.POSITIVE_INFINITY;
      settling = 0;
      accepted = 0;
      let ended = 0;
      for (const name of names) {
        if (ended >= MAX_TAKEN_IN) lookAgainIn(0);
        else if (await tendOne(name)) ended += 1;
      }
      return accepted;
    },
    note(file, because) {
      noted.set(file, because);
      settling += 1;
      lookAgainIn(0);
    },
    report,
    has: (file) => noted.has(file) || isDropByName(file),
    settling: () => settling,
    rejected: () => rejectedCount,
    nextLookMs: () => nextLook - system.monotonicMs(),
  };

  /** Numbered ones first and in order, so that they keep their numbers; then the others by name. */
  function dropsIn(view: TasksView): string[] {
    const numbered = view.entries.map(({ file }) => file).filter((file) => noted.has(file) || isDropByName(file));
    return [...numbered, ...view.drops];
  }

  /** @returns whether the drop has come to its end as a drop */
  async function tendOne(name: string): Promise<boolean> {
    const path = join(layout.tasks, name);
    const fingerprint = await ignoring(["ENOENT"], fingerprintOf(system, path));
    if (fingerprint === undefined) return false;
    const quietMs = settler.look(name, fingerprint, system.monotonicMs());
    if (quietMs < settings.settleMs) return keepSettling(settings.settleMs - quietMs);
    const file = await readTaskFile(system, path).catch(leftAlone);
    if (file.kind === "unreadable") {
      if (!file.gone) report(name, file.because);
      return false;
    }
    // Somebody has replaced the drop by a task that is whole: it takes its turn as any other.
    if (file.kind === "committed" && noted.get(name) === "unkeyed") {
      noted.delete(name);
      return keepSettling(0);
    }
    const isWhole =
      file.kind === "committed" || (file.kind === "drop" && parseObject(file.bytes.toString()) !== undefined);
    if (!isWhole && quietMs < settings.rejectAfterMs) return keepSettling(settings.rejectAfterMs - quietMs);
    if (!(await context.lock.isHeld())) return false;
    const intake = await takeIn(context, name, file);
    noted.delete(name);
    tell(intake);
    if (intake.kind === "accepted") accepted += 1;
    return intake.kind !== "changed";
  }

  function keepSettling(remainingMs: number): false {
    settling += 1;
    lookAgainIn(remainingMs);
    return false;
  }

  function lookAgainIn(ms: number): void {
    nextLook = Math.min(nextLook, system.monotonicMs() + ms);
  }

  function tell(intake: Intake): void {
    if (intake.kind === "changed") return lookAgainIn(settings.settleMs);
    if (intake.kind === "rejected") {
      rejectedCount += 1;
      const { error, name, as } = intake;
      const faults = faultsOfError(error).map(describeFault);
      return log.event("error", "drop rejected", { name, as, error: error.code, faults });
    }
    const { name, number, task } = intake;
    const { supplicant = null, summary = null } = task;
    log.event("info", intake.kind === "accepted" ? "drop accepted" : "drop queued already", {
      number,
      supplicant,
      summary,
      attempt: null,
      name,
    });
  }

  function report(name: string, because: string): void {
    if (reported.has(name)) return;
    reported.add(name);
    log.event("warn", "foreign file left alone", { name, because });
  }

  function forgetOthers(present: ReadonlySet<string>): void {
    settler.keepOnly(present);
    for (const names of [noted, reported]) for (const name of names.keys()) if (!present.has(name)) names.delete(name);
  }
}

/** A name in `tasks/` that spoold itself never writes: a person's way of saying 42. */
function isDropByName(file: string): boolean {
  const kind = readName(file);
  if (kind.kind !== "task") return true;
  return /^\d+$/.test(file) || (/^\d+\.json$/.test(file) && file !== waitingName(kind.entry));
}
