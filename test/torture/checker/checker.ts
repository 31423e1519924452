/**
 * `npx tsx test/torture/checker/checker.ts --spool DIR --root DIR --ledger FILE... [--reader FILE...] [--strict-end]
 * [--max-attempts N] [--max-crashes N] [--memory FILE]`: says as JSON what is wrong with a spool. Ends with 0 when nothing is, 1
 * when something is, 2 when it was asked wrongly. Without `--strict-end` the spool is one whose daemon was killed.
 */
import { readFile, realpath, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { membersOf } from "./json.ts";
import { type Evidence, verify } from "./verify.ts";

const USAGE =
  "checker.ts --spool DIR --root DIR --ledger FILE... [--reader FILE...] [--strict-end] [--max-attempts N] [--max-crashes N] [--memory FILE]\n";

const OPTIONS = {
  spool: { type: "string" },
  root: { type: "string" },
  ledger: { type: "string", multiple: true },
  reader: { type: "string", multiple: true },
  "strict-end": { type: "boolean" },
  "max-attempts": { type: "string", default: "5" },
  "max-crashes": { type: "string", default: "2" },
  memory: { type: "string" },
} as const;

try {
  const { values } = parseArgs({ options: OPTIONS });
  const { spool, root, ledger = [], reader = [] } = values;
  const limits = { maxAttempts: Number(values["max-attempts"]), maxCrashes: Number(values["max-crashes"]) };
  if (spool === undefined || root === undefined || !Object.values(limits).every(Number.isInteger))
    throw new Error(USAGE);
  const memory = new Map(await rememberedIn(values.memory));
  const places = { spool: await realpath(spool), root: await realpath(root), ledgers: ledger, readers: reader };
  const evidence: Evidence = { ...places, when: values["strict-end"] === true ? "atRest" : "midRun", limits, memory };
  const verdict = await verify(evidence);
  if (values.memory !== undefined) await writeFile(values.memory, JSON.stringify(Object.fromEntries(memory)));
  process.stdout.write(`${JSON.stringify(verdict, null, 2)}\n`);
  process.exitCode = verdict.violations.length === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

/** A file that is not there yet remembers nothing. */
async function rememberedIn(path: string | undefined): Promise<[string, string][]> {
  if (path === undefined) return [];
  const text = await readFile(path, "utf8").catch(() => "{}");
  return Object.entries(membersOf(text) ?? {}).map(([name, digest]) => [name, String(digest)]);
}
