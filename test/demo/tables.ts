import Table from "cli-table3";
import type { Fault } from "../../src/index.ts";
import type { Print, Rejection } from "./results.ts";

const PLAIN = { head: [], border: [] };

/** Tasks in the order of their numbers. */
export function printsTable(prints: readonly Print[]): string {
  const table = new Table({
    head: ["task", "came as", "supplicant", "outputs", "ms"],
    // 80 columns in all.
    colWidths: [6, 13, 13, 36, 6],
    wordWrap: true,
    colAligns: ["right", "left", "left", "left", "right"],
    style: PLAIN,
  });
  for (const { receipt, cameAs } of prints.toSorted((a, b) => a.receipt.number - b.receipt.number)) {
    const outputs = receipt.outputs.map(
      ({ file, width, height, bytes }) => `${file} ${width}×${height} ${size(bytes)}`,
    );
    table.push([receipt.number, cameAs, receipt.supplicant ?? "", outputs.join("\n"), Math.round(receipt.durationMs)]);
  }
  return table.toString();
}

/** What went to `rejected/` and why: a line for each place that is wrong. */
export function rejectionsTable(rejections: readonly Rejection[]): string {
  const table = new Table({ head: ["rejected", "why"], colWidths: [15, 62], wordWrap: true, style: PLAIN });
  for (const { name, error } of rejections) {
    table.push([name, [error.message, ...faultsOf(error.facts).map(sentenceOfFault)].join("\n")]);
  }
  return table.toString();
}

/** Bytes for people: `312 KB`. */
export function size(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1_000))} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** The faults in a reason file; none when it has another code than TASK_INVALID. */
export function faultsOf(facts: Readonly<Record<string, unknown>>): readonly Fault[] {
  return Array.isArray(facts["faults"]) ? (facts["faults"] as Fault[]) : [];
}

export function sentenceOfFault({ pointer, expected, received, nearest }: Fault): string {
  const place = pointer === "" ? "the whole file" : pointer;
  const got = received === undefined ? "" : `, got ${received}`;
  const hint = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
  return `${place}: expected ${expected}${got}${hint}`;
}
