import { relative } from "node:path";
import { lookingSystem } from "../../direct-system.ts";
import { resolveRoots } from "../../image/paths.ts";
import { type CheckedFinding, checkAll, isInOrder } from "../../spool/check/check.ts";
import { FINDINGS } from "../../spool/check/finding.ts";
import { layoutOf } from "../../spool/layout.ts";
import type { JsonOptions } from "../options.ts";
import { printJson, printLine, tell } from "../output.ts";
import { readSettings } from "../settings.ts";

interface CheckOptions extends JsonOptions, Readonly<Record<string, unknown>> {
  readonly fix?: true;
  readonly deep?: true;
}

/**
 * Looks through the spool for what is not as it should be, and puts in order what it can without losing anything.
 * @returns 0 when nothing is left but notes, else 1
 */
export async function check(options: CheckOptions): Promise<number> {
  const system = lookingSystem();
  const layout = layoutOf(options.spool);
  const roots = await resolveRoots(system, readSettings(options).roots);
  const { fix = false, deep = false } = options;
  const findings = await checkAll(system, layout, { roots, deep, fix });
  for (const finding of findings) {
    if (options.json) printJson(jsonOf(finding));
    else printLine(lineOf(finding, layout.root));
  }
  if (!options.json) tell(`spoold: ${summaryOf(findings)}`);
  return isInOrder(findings) ? 0 : 1;
}

function jsonOf({ code, path, tells, mend, isFixed, refused }: CheckedFinding): object {
  const { isNote, fix } = FINDINGS[code];
  return {
    code,
    path,
    tells,
    isNote,
    fix: mend === undefined ? null : fix,
    isFixed,
    refused: refused?.toJSON() ?? null,
  };
}

function lineOf({ code, path, tells, mend, isFixed, refused }: CheckedFinding, root: string): string {
  const inside = relative(root, path);
  const shown = inside.startsWith("..") || inside === "" ? path : inside;
  const could = mend === undefined ? "" : `  --fix ${FINDINGS[code].fix}`;
  const done = isFixed ? "  fixed" : refused === undefined ? could : `  not fixed: ${refused.message}`;
  return `${code}  ${shown}  ${tells}${done}`;
}

function summaryOf(findings: readonly CheckedFinding[]): string {
  const fixed = findings.filter(({ isFixed }) => isFixed).length;
  const notes = findings.filter(({ code }) => FINDINGS[code].isNote).length;
  const left = findings.length - fixed - notes;
  if (findings.length === 0) return "the spool is in order";
  return `${left === 0 ? "the spool is in order" : `${left} left`}, ${fixed} fixed, ${notes} only to be known`;
}
