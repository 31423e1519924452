import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ignoring, type System, unlinkIfThere } from "../../system.ts";
import { receiptName } from "../../task/name.ts";
import { countOf, gapsIn, isInRanges, numbersIn, rangesOf, spellRanges, unionOf } from "../../task/ranges.ts";
import { dropCancelled } from "../cancel.ts";
import { dropEnded } from "../finish.ts";
import { readReceipt } from "../standing.ts";
import { readTaskFile } from "../task-file.ts";
import type { Check, CheckContext } from "./context.ts";
import type { Finding } from "./finding.ts";
import { nowhere } from "./second-look.ts";
import type { Listed } from "./survey.ts";

/** Numbers that lie in two places, or in none. */
export const checkNumbers: Check = async (context) => {
  const { survey, prunedDone } = context;
  const findings: Finding[] = [];
  for (const [number, listed] of survey.tasks) {
    if (survey.receipts.has(number) || isInRanges(prunedDone, number)) {
      for (const each of listed) findings.push(...(await endedTwice(context, number, each)));
    } else if (listed.length > 1) {
      findings.push(await numberTwice(context, number, listed));
    }
  }
  return [...findings, ...(await gaps(context))];
};

async function endedTwice(context: CheckContext, number: number, listed: Listed): Promise<readonly Finding[]> {
  const { system, layout, survey, owner } = context;
  const { state, path, entry } = listed;
  // A daemon is about to remove it.
  if (state === "active" && owner !== undefined) return [];
  const hasReceipt = survey.receipts.has(number);
  const beside = hasReceipt ? [join(layout.done, receiptName(number))] : [];
  const receipt = await readReceipt(system, layout, number);
  if (state === "held" && receipt?.status === "cancelled" && (await keyOf(system, path)) === receipt.key) {
    const apply = async (): Promise<void> => void (await dropCancelled(system, layout, listed, receipt));
    const tells = `the receipt of ${number} says that it was cancelled`;
    return [{ code: "cancel-unfinished", path, beside, tells, mend: { needsLock: false, apply } }];
  }
  const tells = `task ${number} ${hasReceipt ? "has a receipt" : "has ended and was pruned"}`;
  if (state !== "active") return [{ code: "ended-twice", path, beside, tells }];
  const apply = (): Promise<void> => dropEnded(system, layout, { ...entry, path });
  return [{ code: "ended-twice", path, beside, tells, mend: { needsLock: true, apply } }];
}

async function keyOf(system: System, path: string): Promise<string | undefined> {
  const file = await readTaskFile(system, path);
  return file.kind === "committed" ? file.task.key : undefined;
}

/** Two names of one file are left when a move back to `tasks/`, which is a link and an unlink, was cut short. */
async function numberTwice(
  { system, layout }: CheckContext,
  number: number,
  listed: readonly Listed[],
): Promise<Finding> {
  const [first, ...others] = listed.toSorted(tasksFirst) as [Listed, ...Listed[]];
  const beside = others.map(({ path }) => path);
  const names = beside.map((path) => relative(layout.root, path)).join(" and ");
  const finding: Finding = { code: "number-twice", path: first.path, beside, tells: `${number} is also ${names}` };
  if (first.state !== "tasks" || !(await areOneFile())) return finding;
  const apply = async (): Promise<void> => {
    if (await areOneFile()) for (const path of beside) await unlinkIfThere(system, path);
  };
  return { ...finding, mend: { needsLock: true, apply } };

  async function areOneFile(): Promise<boolean> {
    const stats = await Promise.all(listed.map(({ path }) => ignoring(["ENOENT"], system.fs.lstat(path))));
    return stats.every((stat) => stat !== undefined && stat.ino === stats[0]?.ino);
  }
}

function tasksFirst(a: Listed, b: Listed): number {
  return Number(b.state === "tasks") - Number(a.state === "tasks") || b.path.length - a.path.length;
}

/** With more of them a jump was made by a hand-dropped number, and looking for each would take too long. */
const MAX_LOOKED_FOR = 10_000;

/** A number is given a moment before its task appears. */
const ARRIVES_WITHIN_MS = 200;

async function gaps(context: CheckContext): Promise<readonly Finding[]> {
  const { layout, survey, highest, pruned } = context;
  const present = unionOf(rangesOf([...survey.tasks.keys(), ...survey.receipts]), pruned);
  let gone = gapsIn(present, highest);
  if (countOf(gone) <= MAX_LOOKED_FOR) {
    gone = rangesOf(await nowhere(context, [...numbersIn(gone)]));
    if (gone.length > 0) await sleep(ARRIVES_WITHIN_MS);
    gone = rangesOf(await nowhere(context, [...numbersIn(gone)]));
  }
  if (gone.length === 0) return [];
  return [{ code: "gap", path: layout.run, tells: `${countOf(gone)} of ${highest}: ${spellRanges(gone)}` }];
}
