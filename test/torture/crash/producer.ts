/** A producer in a process of its own, that is to come to harm. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { NewTask } from "../../../src/index.ts";
import type { Task } from "../../../src/task/task.ts";
import { parseObject } from "../../../src/task/text.ts";
import { chance } from "../../support/scenery/chance.ts";
import { type Aim, startTraced, type Traced, type TracedEnd } from "../strace/traced.ts";
import { plainEnv } from "./daemon-run.ts";
import type { Lane } from "./lane.ts";

const LIBRARY = new URL("../../../dist/index.js", import.meta.url).href;

/**
 * Its arguments: the spool, and a file that holds groups of tasks. Each group is enqueued at once, and each promise is told
 * of on standard output when it settles, in one write: `[0,2,17,true]` for the third task of the first group, which is new
 * and has number 17, or `[0,2,"DISK_FULL"]`. Not in a file of its own: what translates those makes more calls than the
 * library does.
 */
const PRODUCER = `
  import { readFileSync, writeSync } from "node:fs";
  import { openSpool } from ${JSON.stringify(LIBRARY)};
  const [, directory, plan] = process.argv;
  const tell = (...line) => writeSync(1, JSON.stringify(line) + "\\n");
  const told = (error) => error.name === "SpooldError" ? error.code : error.stack;
  const spool = await openSpool(directory).catch((error) => void tell(0, 0, told(error)));
  for (const [group, tasks] of spool === undefined ? [] : JSON.parse(readFileSync(plan, "utf8")).entries())
    await Promise.all(tasks.map((task, place) => spool.enqueue(task, { sizes: false }).then(
      ({ number, isNew }) => tell(group, place, number, isNew),
      (error) => tell(group, place, told(error)),
    )));
`;

/** What a producer was told of one of its tasks. */
export interface Told {
  readonly group: number;
  readonly place: number;
  /** Null when it was rejected. */
  readonly number: number | null;
  readonly isNew: boolean;
  /** Of the error, or the stack of one that should not have come. */
  readonly code: string | null;
}

export function startProducer({ work, spool, desk }: Lane, aim: Aim | undefined): Traced {
  const args = ["--input-type=module", "--eval", PRODUCER, spool, join(work, "plan.json")];
  const run = { args, directory: work, log: join(desk, "strace.txt"), env: plainEnv() };
  return startTraced({ ...run, ...(aim !== undefined && { aim }) });
}

export function placePlan({ work }: Lane, seed: number): Promise<void> {
  return writeFile(join(work, "plan.json"), JSON.stringify(groupsFor(seed)));
}

/** The tasks of the plan in a lane. */
export async function groupsOf({ work }: Lane): Promise<readonly (readonly NewTask[])[]> {
  return JSON.parse(await readFile(join(work, "plan.json"), "utf8"));
}

export function toldIn({ stdout }: TracedEnd): readonly Told[] {
  const lines = stdout.split("\n").filter((line) => line.endsWith("]"));
  return lines.map((line) => {
    const [group = 0, place = 0, answer, isNew = false] = JSON.parse(line);
    const isAccepted = typeof answer === "number";
    return { group, place, number: isAccepted ? answer : null, isNew, code: isAccepted ? null : String(answer) };
  });
}

/** What lies in `tasks/`. */
export async function waitingIn({ spool }: Lane): Promise<readonly (Task & { number: number })[]> {
  const names = await readdir(join(spool, "tasks")).catch(() => []);
  return Promise.all(
    names.map(async (name) => ({
      ...(parseObject(await readFile(join(spool, "tasks", name), "utf8")) as unknown as Task),
      number: Number.parseInt(name, 10),
    })),
  );
}

/** The first group is a single task; the last one asks for what is queued already. */
function groupsFor(seed: number): readonly (readonly NewTask[])[] {
  const random = chance(seed);
  const pick = (count: number): number => Math.floor(random() * count);
  const task = (name: string, more: Partial<NewTask> = {}): NewTask => ({
    source: `pictures/${pick(2)}.jpg`,
    outputs: [{ file: `out/${name}.png`, width: 5 + pick(9) }],
    summary: name,
    ...more,
  });
  const single = task("single", pick(2) === 0 ? {} : { priority: 1 + pick(9) });
  const worded = task("worded", { dedupe: "a word" });
  const group = [
    worded,
    task("counted", { batch: "pictures" }),
    ...Array.from({ length: pick(3) }, (_, n) => task(`more${n}`)),
  ];
  return [[single], group, [{ ...worded, summary: "worded once more" }]];
}
