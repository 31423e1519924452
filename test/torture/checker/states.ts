/** Every number that was accepted lies in exactly one state, and its bytes are those that were accepted. */
import type { Findings } from "./findings.ts";
import { bytesOf, keyOf, membersOf, sha256 } from "./json.ts";
import type { Accepted } from "./ledger.ts";
import type { Directory, Place, Survey } from "./survey.ts";

/**
 * What was seen of each number at earlier looks, by `task 42`, `key 42` and `receipt 42`: a digest. It is filled while
 * the checker looks, and handed to it again at its next look.
 */
export type Memory = Map<string, string>;

/** Where a task may lie once nothing is left to be done; `held/` is where people have put theirs. */
const ENDS: ReadonlySet<Directory> = new Set(["done", "failed", "held"]);

/**
 * @param isAtRest whether all that there was to do is done; else the spool is one whose daemon was killed: a task whose
 *   receipt was just written may still lie in `active/`, or in `held/` if it was cancelled
 */
export function checkStates(
  { places, isPruned, others, reasons, sequences }: Survey,
  accepted: readonly Accepted[],
  { findings, isAtRest }: { readonly findings: Findings; readonly isAtRest: boolean },
): void {
  const { say, count } = findings;
  const given = new Set<number>();
  for (const { number } of accepted) {
    if (given.has(number)) say(`number ${number} was given twice`);
    given.add(number);
    if (!places.has(number) && !isPruned(number)) say(`number ${number} was accepted and is in no state`);
  }
  for (const [number, found] of places) {
    const states = found.map(({ state }) => state);
    for (const state of states) count(state);
    if (!given.has(number)) count("neverTold");
    if (found.length > 1 && !(isAtRest ? [] : BETWEEN).includes(states.toSorted().join("+")))
      say(`number ${number} lies in several places: ${states.join(", ")}`);
    for (const state of states) if (isAtRest && !ENDS.has(state)) say(`number ${number} was left in ${state}/`);
  }
  for (const name of others) if (isAtRest) say(`${name} is no task`);
  for (const number of reasons)
    if (!places.get(number)?.some(({ state }) => state === "failed")) count("reasonsLeftOver");
  count("accepted", given.size);
  count("pruned", [...given].filter((number) => !places.has(number) && isPruned(number)).length);
  // A listing that races with a producer may show two, or none.
  if (!isAtRest) return;
  const highest = [...given].reduce((most, number) => Math.max(most, number), 0);
  if (sequences.length !== 1) say(`run/ holds ${sequences.length} files that tell the highest number`);
  else if ((sequences[0] ?? 0) < highest) say(`run/sequence.${sequences[0]} is behind number ${highest}`);
}

/** A receipt is committed before the task's file goes. */
const BETWEEN: readonly string[] = ["active+done", "done+held"];

/** Reads every task that has not ended well, and compares it with what was accepted and what was seen before. */
export async function checkBytes(
  { places }: Survey,
  accepted: readonly Accepted[],
  { findings, memory }: { readonly findings: Findings; readonly memory: Memory },
): Promise<void> {
  for (const { number, sha256: digest, key } of accepted) {
    if (digest !== null) remember(`task ${number}`, digest, findings, memory);
    if (key !== null) remember(`key ${number}`, key, findings, memory);
  }
  const summaries = new Map(accepted.map(({ number, summary }) => [number, summary]));
  for (const place of [...places.values()].flat()) {
    if (place.state !== "done") await checkTask(place, summaries.get(place.number) ?? null, { findings, memory });
  }
}

async function checkTask(
  { path, number, state }: Place,
  summary: string | null,
  { findings, memory }: { readonly findings: Findings; readonly memory: Memory },
): Promise<void> {
  const bytes = await bytesOf(path);
  const task = membersOf(bytes?.toString() ?? "");
  // Dropped by hand: it becomes a task when the daemon takes it in.
  if (state === "tasks" && bytes !== undefined && task?.["key"] === undefined) return;
  if (bytes === undefined || task === undefined) return findings.say(`number ${number} in ${state}/ is no whole task`);
  remember(`task ${number}`, sha256(bytes), findings, memory);
  remember(`key ${number}`, String(task["key"]), findings, memory);
  if (task["key"] !== keyOf(task))
    findings.say(`number ${number} in ${state}/ asks for something else than its key says`);
  if (summary !== null && task["summary"] !== summary) findings.say(`number ${number} in ${state}/ is another task`);
}

/** Notes a digest, or finds that it was another one before. */
export function remember(name: string, digest: string, findings: Findings, memory: Memory): void {
  const before = memory.get(name);
  if (before !== undefined && before !== digest) findings.say(`the bytes of ${name} have changed`);
  else memory.set(name, digest);
}
