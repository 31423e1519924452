import { SpooldError, toSpooldError } from "../../errors.ts";
import { ignoring, type System } from "../../system.ts";
import { acquireDaemonLock, type DaemonLock, livingOwner } from "../daemon-lock.ts";
import { type Layout, requireSpool } from "../layout.ts";
import { openPruned } from "../pruned.ts";
import { openSequence } from "../sequence.ts";
import { spoolTagOf } from "../tag.ts";
import { checkClaims } from "./claims.ts";
import type { Check, CheckContext } from "./context.ts";
import { FINDINGS, type Finding } from "./finding.ts";
import { checkForeign } from "./foreign.ts";
import { checkHalfOutputs } from "./half-outputs.ts";
import { checkMarks } from "./marks.ts";
import { checkNumbers } from "./numbers.ts";
import { checkPermissions, missingDirectories } from "./permissions.ts";
import { checkReceipts } from "./receipts.ts";
import { checkRecords } from "./records.ts";
import { surveySpool } from "./survey.ts";
import { checkTasks } from "./tasks.ts";
import { checkTemporaries } from "./temporaries.ts";

export interface CheckOptions {
  /** The daemon's, with every link resolved. */
  readonly roots: readonly string[];
  /** Read outputs too, and compare their digests. */
  readonly deep: boolean;
  /** Do what cannot lose anything. */
  readonly fix: boolean;
}

export interface CheckedFinding extends Finding {
  readonly isFixed: boolean;
  /** Why `fix` did not do what it could have done. */
  readonly refused?: SpooldError;
}

const CHECKS: readonly Check[] = [
  checkPermissions,
  checkForeign,
  checkClaims,
  checkNumbers,
  checkTasks,
  checkRecords,
  checkMarks,
  checkTemporaries,
  checkReceipts,
  // Last: the others tell it where outputs lie.
  checkHalfOutputs,
];

/**
 * Looks through a whole spool. A daemon and people may be at work meanwhile: what only seemed so is not told of.
 * With `fix` it owns the spool while it looks, so that no daemon can start; where one runs, it leaves what that forbids.
 * @throws SPOOL_MISSING, or what the file system reports
 */
export async function checkAll(
  system: System,
  layout: Layout,
  options: CheckOptions,
): Promise<readonly CheckedFinding[]> {
  await requireSpool(system, layout);
  const checked: CheckedFinding[] = [];
  for (const missing of await missingDirectories(system, layout)) {
    checked.push(options.fix ? await mended(missing, undefined) : { ...missing, isFixed: false });
  }
  if (!checked.every(({ isFixed }) => isFixed)) return checked;
  const lock = options.fix ? await ownSpool(system, layout) : undefined;
  try {
    const context = await contextOf(system, layout, options, lock?.isOurs === true);
    for (const check of CHECKS) {
      for (const finding of await check(context)) {
        if (!(await isStillSo(system, finding))) continue;
        checked.push(lock === undefined ? { ...finding, isFixed: false } : await mended(finding, lock));
      }
    }
    return checked;
  } finally {
    if (lock?.isOurs) await lock.lock.release();
  }
}

/** Whether nothing is left that should be otherwise. */
export function isInOrder(findings: readonly CheckedFinding[]): boolean {
  return findings.every(({ code, isFixed }) => isFixed || FINDINGS[code].isNote);
}

type Ownership =
  | { readonly isOurs: true; readonly lock: DaemonLock }
  | { readonly isOurs: false; readonly because: SpooldError };

async function ownSpool(system: System, layout: Layout): Promise<Ownership> {
  try {
    return { isOurs: true, lock: await acquireDaemonLock(system, layout, () => undefined) };
  } catch (error) {
    const because = toSpooldError(error);
    if (because.code === "SPOOL_LOCKED") return { isOurs: false, because };
    throw because;
  }
}

async function contextOf(
  system: System,
  layout: Layout,
  { roots, deep }: CheckOptions,
  isOurs: boolean,
): Promise<CheckContext> {
  const owner = isOurs ? undefined : await livingOwner(system, layout);
  const highest = await openSequence(system, layout).highest();
  const survey = await surveySpool(system, layout);
  const traces = openPruned(system, layout);
  const pruned = await traces.ranges();
  const prunedDone = await traces.ranges(["done", "cancelled"]);
  const spoolTag = await spoolTagOf(system, layout);
  const outputDirectories = new Set<string>();
  return { system, layout, survey, owner, highest, pruned, prunedDone, roots, spoolTag, outputDirectories, deep };
}

/** What has moved since it was seen was on its way, as it should be. */
async function isStillSo({ fs }: System, { path, beside = [] }: Finding): Promise<boolean> {
  for (const each of [path, ...beside]) {
    if ((await ignoring(["ENOENT", "ENOTDIR"], fs.lstat(each))) === undefined) return false;
  }
  return true;
}

async function mended(finding: Finding, ownership: Ownership | undefined): Promise<CheckedFinding> {
  const { mend } = finding;
  if (mend === undefined) return { ...finding, isFixed: false };
  try {
    if (mend.needsLock) await requireOurs(ownership);
    await mend.apply();
    return { ...finding, isFixed: true };
  } catch (error) {
    return { ...finding, isFixed: false, refused: toSpooldError(error) };
  }
}

async function requireOurs(ownership: Ownership | undefined): Promise<void> {
  if (ownership?.isOurs === false) throw ownership.because;
  if (!(await ownership?.lock.isHeld())) throw new SpooldError("LOCK_LOST");
}
