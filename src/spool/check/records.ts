import { join } from "node:path";
import { ignoring, unlinkIfThere } from "../../system.ts";
import { isInRanges } from "../../task/ranges.ts";
import { forgetAttempts } from "../attempts.ts";
import { isPrunedDamaged } from "../pruned.ts";
import type { Check, CheckContext } from "./context.ts";
import type { Finding } from "./finding.ts";
import { idle, nowhere } from "./second-look.ts";
import { isUnderWay } from "./survey.ts";

/** What is remembered of attempts, and why tasks failed, when there is no such task. */
export const checkRecords: Check = async (context) => {
  const { system, layout } = context;
  const damaged: Finding[] = (await isPrunedDamaged(system, layout))
    ? [{ code: "damaged-record", path: join(layout.run, "pruned"), tells: "nobody can tell what was pruned" }]
    : [];
  return [...damaged, ...(await records(context)), ...(await reasons(context))];
};

async function records(context: CheckContext): Promise<readonly Finding[]> {
  const { system, layout, survey } = context;
  const files = (await ignoring(["ENOENT"], system.fs.readdir(layout.attempts))) ?? [];
  const numbers = files.flatMap((file) => Number(/^([1-9]\d{0,15})\.json$/.exec(file)?.[1] ?? 0) || []);
  const candidates = numbers.filter((number) => !isUnderWay(survey, number));
  return (await idle(context, candidates)).map((number) => {
    const apply = async (): Promise<void> => {
      if ((await idle(context, [number])).length > 0) await forgetAttempts(system, layout, number);
    };
    const path = join(layout.attempts, `${number}.json`);
    const tells = `no attempt of ${number} will follow`;
    return { code: "record-without-task", path, tells, mend: { needsLock: true, apply } };
  });
}

/** A reason is written before what it is about arrives. */
const ARRIVES_WITHIN_MS = 60_000;

async function reasons(context: CheckContext): Promise<readonly Finding[]> {
  const { system, survey, prunedDone } = context;
  const code = "reason-without-task";
  const findings: Finding[] = [];
  for (const { path, subject } of survey.reasons) {
    // Of a task that is tried again the reason stays behind until it is done.
    if (typeof subject === "string" ? survey.rejected.has(subject) : survey.tasks.has(subject)) continue;
    const stat = await ignoring(["ENOENT"], system.fs.lstat(path));
    if (stat === undefined || system.nowMs() - stat.mtimeMs < ARRIVES_WITHIN_MS) continue;
    if (typeof subject === "string") findings.push({ code, path, tells: `${subject} is not in rejected/ any more` });
    else if (survey.receipts.has(subject) || isInRanges(prunedDone, subject)) {
      const apply = async (): Promise<void> => {
        if ((await idle(context, [subject])).length > 0) await unlinkIfThere(system, path);
      };
      findings.push({ code, path, tells: `${subject} is done`, mend: { needsLock: true, apply } });
    } else if ((await nowhere(context, [subject])).length > 0) {
      findings.push({ code, path, tells: `${subject} lies nowhere` });
    }
  }
  return findings;
}
