import { setImmediate as turn } from "node:timers/promises";
import { lookingSystem } from "../../direct-system.ts";
import { layoutOf, requireSpool } from "../../spool/layout.ts";
import type { Limits } from "../../spool/prune/limits.ts";
import { pruneState } from "../../spool/prune/prune.ts";
import { receiptLimits } from "../../spool/prune/receipts.ts";
import type { PrunedState } from "../../spool/prune/survey.ts";
import { spellRanges } from "../../task/ranges.ts";
import type { JsonOptions } from "../options.ts";
import { printJson, printTable, size } from "../output.ts";
import { readSettings } from "../settings.ts";

interface PruneOptions extends JsonOptions, Readonly<Record<string, unknown>> {
  readonly doneAge?: number;
  readonly doneCount?: number;
  readonly doneBytes?: number;
  readonly failedAge?: number;
  readonly rejectedAge?: number;
  readonly dryRun?: true;
}

/** Removes traces of tasks that have ended, and tells how many of each state. A daemon may be at work meanwhile. */
export async function prune(options: PruneOptions): Promise<number> {
  const system = lookingSystem();
  const layout = layoutOf(options.spool);
  await requireSpool(system, layout);
  const dryRun = options.dryRun ?? false;
  const rest = async (): Promise<boolean> => {
    await turn();
    return true;
  };
  const rows = [["state", dryRun ? "would go" : "removed", "bytes", "left", "numbers"]];
  for (const [state, limits] of limitsOf(options)) {
    const { removed, bytes, kept, numbers } = await pruneState(system, layout, state, { limits, dryRun, rest });
    if (options.json) printJson({ state, removed, bytes, kept, numbers, dryRun });
    rows.push([state, String(removed), size(bytes), String(kept), spellRanges(numbers)]);
  }
  if (!options.json) printTable(rows);
  return 0;
}

/** What is told to go; when nothing is told, what the settings say of receipts. */
function limitsOf(options: PruneOptions): readonly [PrunedState, Limits][] {
  const { doneAge, doneCount, doneBytes, failedAge, rejectedAge } = options;
  const none: Limits = { ageMs: null, count: null, bytes: null };
  const told: [PrunedState, Limits][] = [];
  if ([doneAge, doneCount, doneBytes].some((limit) => limit !== undefined)) {
    told.push(["done", { ageMs: doneAge ?? null, count: doneCount ?? null, bytes: doneBytes ?? null }]);
  }
  if (failedAge !== undefined) told.push(["failed", { ...none, ageMs: failedAge }]);
  if (rejectedAge !== undefined) told.push(["rejected", { ...none, ageMs: rejectedAge }]);
  return told.length > 0 ? told : [["done", receiptLimits(readSettings(options))]];
}
