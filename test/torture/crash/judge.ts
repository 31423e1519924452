/** Looks whether a scene has come to what it must, beside what the checker finds. */
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { openSpool } from "../../../src/index.ts";
import { verify } from "../checker/verify.ts";
import type { Lane } from "./lane.ts";
import { digestOf, ledgerOf } from "./orders.ts";
import type { Expected } from "./scene.ts";

/** By path below the lane, the digest of each file that lies outside the spool and is no temporary. */
export type Pictures = ReadonlyMap<string, string>;

export async function picturesIn({ work, spool }: Lane): Promise<Pictures> {
  const entries = await readdir(work, { recursive: true, withFileTypes: true });
  const found = new Map<string, string>();
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || path.startsWith(spool) || /\/\.spoold-|\.copy$/.test(path)) continue;
    found.set(relative(work, path), digestOf(await readFile(path)));
  }
  return found;
}

/** What is remembered from one look to the next. */
export type Memory = Map<string, string>;

/**
 * Looks at a spool that its daemon or its producer has just left. Of each file there is the old content or the new.
 * @param before and after: what lies outside the spool at the beginning, and at the end of a run that nobody hurts
 */
export async function faultsMidRun(
  lane: Lane,
  { before, after, memory }: { readonly before: Pictures; readonly after: Pictures; readonly memory: Memory },
): Promise<readonly string[]> {
  const isComplete = (await readdir(lane.spool).catch((): string[] => [])).includes("run");
  const { violations } = isComplete ? await checked(lane, "midRun", memory) : { violations: [] };
  const torn = [...(await picturesIn(lane))].filter(
    ([path, digest]) => ![before.get(path), after.get(path)].includes(digest),
  );
  return [...violations, ...torn.map(([path]) => `${path} is neither the old one nor the new one`)];
}

/** Looks at a spool in which all has ended. */
export async function faultsAtRest(
  lane: Lane,
  { expected, after, memory }: { readonly expected: Expected; readonly after?: Pictures; readonly memory: Memory },
): Promise<readonly string[]> {
  const { violations } = await checked(lane, "atRest", memory);
  const found = await picturesIn(lane);
  const paths = after === undefined ? [] : [...new Set([...found.keys(), ...after.keys()])];
  const others = paths.filter((path) => found.get(path) !== after?.get(path));
  return [
    ...violations,
    ...others.map((path) => `${path} is not what a run leaves that nobody hurts`),
    ...(await faultsInEnds(lane, expected)),
    ...(await faultsInRejected(lane, expected)),
    ...(await faultsInLeftovers(lane)),
    ...(await faultsInNextNumber(lane)),
  ];
}

function checked({ spool, work, ...lane }: Lane, when: "midRun" | "atRest", memory: Memory) {
  const ledgers = [ledgerOf({ spool, work, ...lane }), join(lane.desk, "ledger.jsonl")];
  return verify({ spool, root: work, ledgers, when, limits: { maxAttempts: 5, maxCrashes: 4 }, memory });
}

async function faultsInEnds({ spool }: Lane, { ends }: Expected): Promise<string[]> {
  const found = await endsIn(spool);
  const faults: string[] = [];
  for (const [summary, end] of ends) {
    const came = found.filter(([name]) => name === summary).map(([, how]) => how);
    if (came.join() !== end) faults.push(`"${summary}" should have ended as ${end}, once, and did as: ${came.join()}`);
  }
  for (const [summary] of found) if (!ends.has(summary)) faults.push(`"${summary}" was never asked for`);
  return faults;
}

/** Summary and end of each task that has ended. */
async function endsIn(spool: string): Promise<readonly (readonly [string, string])[]> {
  const done = (await readdir(join(spool, "done"))).map((name) => join(spool, "done", name));
  const names = await readdir(join(spool, "failed"));
  const failed = names.filter((name) => name.endsWith(".reason.json")).map((name) => join(spool, "failed", name));
  return Promise.all(
    [...done, ...failed].map(async (path) => {
      const { summary, status, error } = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
      const code = (error as { code: string } | undefined)?.code;
      return [String(summary), code ?? (status === "fresh" ? "done" : String(status))] as const;
    }),
  );
}

async function faultsInRejected({ spool }: Lane, { rejected }: Expected): Promise<string[]> {
  const faults: string[] = [];
  const names = await readdir(join(spool, "rejected"));
  const kept = new Set<string>();
  for (const name of names.filter((one) => !one.endsWith(".reason.json"))) {
    const bytes = await readFile(join(spool, "rejected", name), "utf8");
    // A reason that was left by a daemon that died keeps its name: the drop gets the next one.
    const dropped = name.replace(/\.\d+$/, "");
    kept.add(dropped);
    if (rejected.get(dropped) !== bytes) faults.push(`rejected/${name} is not what was dropped`);
    if (!names.includes(`${name}.reason.json`)) faults.push(`rejected/${name} has no reason`);
  }
  for (const name of rejected.keys()) if (!kept.has(name)) faults.push(`${name} was not rejected`);
  return faults;
}

async function faultsInLeftovers({ spool }: Lane): Promise<string[]> {
  const taken = (await readdir(join(spool, "tmp"))).filter((name) => name.startsWith("taken."));
  const attempts = await readdir(join(spool, "run/attempts"));
  return [...taken.map((name) => `tmp/${name}`), ...attempts.map((name) => `run/attempts/${name}`)].map(
    (path) => `${path} was left`,
  );
}

/** No number is given twice: the next one is higher than any there is. */
async function faultsInNextNumber({ spool }: Lane): Promise<string[]> {
  const states = await Promise.all(["done", "failed"].map((state) => readdir(join(spool, state))));
  const numbers = states.flat().map((name) => Number.parseInt(name, 10));
  const task = { source: "pictures/0.jpg", outputs: [{ file: "out/next.png" }] };
  const { number } = await (await openSpool(spool)).enqueue(task, { sizes: false });
  return number > Math.max(0, ...numbers) ? [] : [`number ${number} was given, and had been given before`];
}
