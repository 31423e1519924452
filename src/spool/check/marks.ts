import { join, relative } from "node:path";
import { ignoring, unlinkIfThere } from "../../system.ts";
import { readName } from "../../task/name.ts";
import type { Check, CheckContext } from "./context.ts";
import type { Finding } from "./finding.ts";
import { idle, nowhere } from "./second-look.ts";
import { isSomewhere, isUnderWay } from "./survey.ts";

/** Marks are made before their task appears. */
const APPEARS_WITHIN_MS = 3_600_000;

interface Mark {
  readonly path: string;
  readonly number: number;
}

/** Marks of batches and dedupe words that were left by a crash: see marks.ts. */
export const checkMarks: Check = async (context) => {
  const { survey } = context;
  const batch = (await batchMarks(context)).filter(({ number }) => !isSomewhere(survey, number));
  const words = (await dedupeMarks(context)).filter(({ number }) => !isUnderWay(survey, number));
  return [...(await useless(context, batch, nowhere)), ...(await useless(context, words, idle))];
};

/** Those that are old, and mean nothing at a second look either. */
async function useless(
  context: CheckContext,
  marks: readonly Mark[],
  look: typeof nowhere,
): Promise<readonly Finding[]> {
  const { system, layout } = context;
  const old: Mark[] = [];
  for (const mark of marks) if (await isOld(context, mark)) old.push(mark);
  const numbers = old.map(({ number }) => number);
  const left = new Set(await look(context, numbers));
  return old
    .filter(({ number }) => left.has(number))
    .map((mark) => {
      const apply = async (): Promise<void> => {
        const isUseless = (await look(context, [mark.number])).length > 0 && (await isOld(context, mark));
        if (isUseless) await unlinkIfThere(system, mark.path);
      };
      const tells = `${relative(layout.run, mark.path)} leads to ${mark.number}`;
      return { code: "mark-without-task", path: mark.path, tells, mend: { needsLock: true, apply } };
    });
}

async function isOld({ system }: CheckContext, { path }: Mark): Promise<boolean> {
  const stat = await ignoring(["ENOENT"], system.fs.lstat(path));
  return stat !== undefined && system.nowMs() - stat.mtimeMs >= APPEARS_WITHIN_MS;
}

async function batchMarks(context: CheckContext): Promise<readonly Mark[]> {
  const batches = join(context.layout.run, "batches");
  const marks: Mark[] = [];
  for (const batch of await namesIn(context, batches)) {
    for (const name of await namesIn(context, join(batches, batch))) {
      if (/^[1-9]\d{0,15}$/.test(name)) marks.push({ path: join(batches, batch, name), number: Number(name) });
    }
  }
  return marks;
}

async function dedupeMarks(context: CheckContext): Promise<readonly Mark[]> {
  const dedupe = join(context.layout.run, "dedupe");
  const marks: Mark[] = [];
  for (const name of await namesIn(context, dedupe)) {
    const path = join(dedupe, name);
    const kind = readName((await ignoring(["ENOENT", "EINVAL"], context.system.fs.readlink(path))) ?? "");
    if (kind.kind === "task") marks.push({ path, number: kind.entry.number });
  }
  return marks;
}

async function namesIn({ system }: CheckContext, directory: string): Promise<readonly string[]> {
  return (await ignoring(["ENOENT", "ENOTDIR"], system.fs.readdir(directory))) ?? [];
}
