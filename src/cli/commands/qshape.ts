import { lookingSystem } from "../../direct-system.ts";
import { AGE_LIMITS_MIN, type AgeGroup, type AgeRow, countAges } from "../../spool/ages.ts";
import { layoutOf, requireSpool, type State } from "../../spool/layout.ts";
import type { JsonOptions } from "../options.ts";
import { printJson, printTable } from "../output.ts";

interface ShapeOptions extends JsonOptions {
  readonly by: AgeGroup;
}

/** What is shown when no state is named: all that may yet run. */
const UNFINISHED: readonly State[] = ["tasks", "active", "deferred", "held"];

const COLUMNS = [...AGE_LIMITS_MIN.map(String), `${AGE_LIMITS_MIN.at(-1)}+`];

/** Counts tasks by age in minutes: a row for all, then one for each supplicant, state or batch. */
export async function qshape(states: readonly State[], options: ShapeOptions): Promise<number> {
  const system = lookingSystem();
  const layout = layoutOf(options.spool);
  await requireSpool(system, layout);
  const shown = states.length === 0 ? UNFINISHED : [...new Set(states)];
  const { total, rows } = await countAges(system, layout, { states: shown, by: options.by });
  if (options.json) {
    printJson(jsonOf("total", total));
    for (const row of rows) printJson(jsonOf(options.by, row));
    return 0;
  }
  const cells = [total, ...rows].map(({ total: all, counts }) => [all, ...counts].map(String));
  const widths = ["T", ...COLUMNS].map((head, column) =>
    Math.max(head.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const aligned = (row: readonly string[]): string[] => row.map((cell, column) => cell.padStart(widths[column] ?? 0));
  const names = ["TOTAL", ...rows.map(({ name }) => name ?? "(none)")];
  printTable([
    ["", ...aligned(["T", ...COLUMNS])],
    ...cells.map((row, index) => [names[index] ?? "", ...aligned(row)]),
  ]);
  return 0;
}

function jsonOf(by: AgeGroup | "total", { name, total, counts }: AgeRow): object {
  return { by, name, total, minutes: Object.fromEntries(COLUMNS.map((column, index) => [column, counts[index]])) };
}
