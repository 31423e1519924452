import Table from "cli-table3";
import type { Comparison } from "./pairs.ts";
import type { Spread } from "./spread.ts";

/** What a figure is held against. Nothing fails when it falls short: a bench measures, it does not judge. */
export type Demand = { readonly atLeast: number } | { readonly atMost: number };

/** One measured thing. */
export type Figure =
  | ({ readonly kind: "ratio"; readonly what: string; readonly unit: string; readonly demanded?: Demand } & Comparison)
  | {
      readonly kind: "value";
      readonly what: string;
      readonly unit: string;
      readonly value: Spread;
      readonly demanded?: Demand;
    };

/** A table that is no comparison of two. */
export interface Detail {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** What a bench has found. */
export interface Report {
  readonly figures: readonly Figure[];
  readonly details: readonly Detail[];
  readonly notes: readonly string[];
}

/** A report as plain text, without colours or lines that a log would garble. */
export function textOf(name: string, { figures, details, notes }: Report): string {
  const ratios = figures.filter((figure) => figure.kind === "ratio");
  const values = figures.filter((figure) => figure.kind === "value");
  const parts = [
    ...(ratios.length > 0 ? [table([name, "unit", "ours", "theirs", ...COMPARED], ratios.map(ratioRow))] : []),
    ...(values.length > 0 ? [table([name, "unit", "median", "min–max", "demanded"], values.map(valueRow))] : []),
    ...details.map(({ title, columns, rows }) => `${title}\n${table(columns, rows)}`),
    ...(notes.length > 0 ? [notes.map((note) => `note: ${note}`).join("\n")] : []),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** A number with three digits that count. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const digits = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value))) + 1;
  return value.toFixed(Math.min(4, Math.max(0, 3 - digits)));
}

/** Whether a measured middle satisfies what is demanded. */
export function meets(demanded: Demand, { median }: Spread): boolean {
  return "atLeast" in demanded ? median >= demanded.atLeast : median <= demanded.atMost;
}

const COMPARED = ["ratio", "min–max", "demanded"];

/** Rows without rules, columns by two spaces. */
const PLAIN = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "", bottom: "", "bottom-mid": "", "bottom-left": "" },
  ...{ "bottom-right": "", left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "  " },
};

function table(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const isNumeric = columns.map((_, column) => rows.every((row) => /^[-∞\dI]/.test(String(row[column] ?? ""))));
  const drawn = new Table({
    head: [...columns],
    chars: PLAIN,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    colAligns: isNumeric.map((numeric, column) => (numeric && column > 0 ? "right" : "left")),
  });
  drawn.push(...rows.map((row) => [...row]));
  return drawn
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

function ratioRow(figure: Extract<Figure, { kind: "ratio" }>): string[] {
  const { what, unit, ours, theirs, ratio, demanded } = figure;
  return [
    what,
    unit,
    short(ours.median),
    short(theirs.median),
    short(ratio.median),
    range(ratio),
    told(demanded, ratio),
  ];
}

function valueRow({ what, unit, value, demanded }: Extract<Figure, { kind: "value" }>): string[] {
  return [what, unit, short(value.median), range(value), told(demanded, value)];
}

function range({ min, max }: Spread): string {
  return `${short(min)}–${short(max)}`;
}

function told(demanded: Demand | undefined, measured: Spread): string {
  if (demanded === undefined) return "";
  const bound = "atLeast" in demanded ? `>= ${demanded.atLeast}` : `<= ${demanded.atMost}`;
  return `${bound} ${meets(demanded, measured) ? "met" : "NOT MET"}`;
}
