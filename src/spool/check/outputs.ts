import { createHash } from "node:crypto";
import { basename } from "node:path";
import { errnoOf } from "../../errors.ts";
import { ignoring, type System } from "../../system.ts";
import { rangesOf, spellRanges } from "../../task/ranges.ts";
import type { CheckContext } from "./context.ts";
import type { Finding } from "./finding.ts";

/** A receipt, as far as it is kept in mind. */
export interface ReceiptView {
  readonly number: number;
  readonly path: string;
  /** How many outputs it names. */
  readonly outputs: number;
}

/** An output as the newest receipt has it that names it. */
export interface ToldOutput {
  readonly number: number;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly isPyramid: boolean;
}

/**
 * Compares outputs with the receipts of the tasks that made them last. All of one task may have been removed because
 * nobody needs them any more; some of them are half of what was made.
 */
export async function checkOutputs(
  { system, layout, deep }: CheckContext,
  receipts: readonly ReceiptView[],
  outputs: Iterable<ToldOutput>,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const gone = new Map<number, string[]>();
  for (const output of outputs) {
    const trouble = await troubleOf(system, output, deep);
    if (trouble === GONE) gone.set(output.number, [...(gone.get(output.number) ?? []), output.path]);
    else if (trouble !== undefined) {
      findings.push({ code: "output-changed", path: output.path, tells: `made by ${output.number}: ${trouble}` });
    }
  }
  const removed: number[] = [];
  for (const { number, path, outputs: count } of receipts) {
    const missing = gone.get(number) ?? [];
    if (missing.length > 0 && missing.length === count) removed.push(number);
    else if (missing.length > 0) {
      const tells = `${missing.length} of ${count} outputs are gone, one is ${basename(missing[0] ?? "")}`;
      findings.push({ code: "output-gone", path, tells });
    }
  }
  if (removed.length === 0) return findings;
  return [...findings, { code: "outputs-removed", path: layout.done, tells: `of ${spellRanges(rangesOf(removed))}` }];
}

const GONE = "gone";

/** What is the matter with an output; undefined when it is as it should be. */
async function troubleOf(
  system: System,
  { path, bytes, sha256, isPyramid }: ToldOutput,
  deep: boolean,
): Promise<string | undefined> {
  try {
    const stat = await ignoring(["ENOENT", "ENOTDIR"], system.fs.lstat(path));
    if (stat === undefined) return GONE;
    // The bytes of a pyramid are those of thousands of files.
    if (isPyramid) return undefined;
    if (stat.size !== bytes) return `it has ${stat.size} bytes instead of ${bytes}`;
    return deep && (await digestOf(system, path)) !== sha256 ? "it has another digest" : undefined;
  } catch (error) {
    return `it cannot be read, ${errnoOf(error) ?? "and nobody knows why"}`;
  }
}

async function digestOf({ fs }: System, path: string): Promise<string> {
  const handle = await fs.open(path);
  const digest = createHash("sha256");
  // The stream closes the descriptor.
  for await (const chunk of handle.createReadStream()) digest.update(chunk as Buffer);
  return digest.digest("hex");
}
