/**
 * Journals: what handlers write down about their own runs, so that others can see that no task is run twice at a time.
 * `journal/42.jsonl` has a line when a run of number 42 begins and one when it ends, with the process that it runs in;
 * and one more when another process that lives still is at the same number.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Findings } from "./findings.ts";
import { isMembers, linesOf } from "./json.ts";
import type { EndedTask } from "./records.ts";

/**
 * A handler that keeps a journal below the first root. `data`: `ms` to take, awaited in pieces; `busyMs` to spin. It
 * names a process by its pid and the time of its start, which no later one has. Linux only, for it reads /proc.
 */
export const JOURNAL_HANDLER = `import { appendFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
const startOf = async (pid) => {
  const stat = await readFile("/proc/" + pid + "/stat", "utf8").catch(() => "");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
};
const self = await startOf(process.pid);
export default async ({ number, attempt, data }, { roots, signal }) => {
  const journal = join(roots[0], "journal");
  const file = join(journal, number + ".jsonl");
  const write = (kind, more) => appendFile(file,
    JSON.stringify({ kind, number, attempt, pid: process.pid, start: self, at: Date.now(), ...more }) + "\\n");
  await mkdir(journal, { recursive: true });
  await write("begin");
  const look = async () => {
    const open = new Map();
    for (const line of (await readFile(file, "utf8")).split("\\n").filter((each) => each !== "")) {
      const { kind, pid, start } = JSON.parse(line);
      if (kind === "begin") open.set(pid + " " + start, { pid, start });
      if (kind === "end") open.delete(pid + " " + start);
    }
    for (const { pid, start } of open.values())
      if (pid !== process.pid && (await startOf(pid)) === start) await write("beside", { other: pid });
  };
  await look();
  const { ms = 0, busyMs = 0 } = data ?? {};
  for (const end = Date.now() + busyMs; Date.now() < end; );
  for (const end = Date.now() + ms; Date.now() < end; ) await sleep(Math.min(10, end - Date.now()), undefined, { signal });
  await look();
  await write("end");
  return { pid: process.pid, attempt };
};
`;

/** @param directory of the journals; there is none when no handler has run */
export async function checkJournals(
  directory: string,
  receipts: readonly EndedTask[] | undefined,
  { say, count }: Findings,
): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  const ended = new Set<number>();
  for (const name of names) {
    const number = Number.parseInt(name, 10);
    const lines = await linesOf(join(directory, name));
    const runs = lines.filter(({ kind }) => kind === "begin");
    count("handlerRuns", runs.length);
    count("handlerRunsRepeated", Math.max(0, runs.length - 1));
    if (lines.some(({ kind }) => kind === "end")) ended.add(number);
    for (const { kind, pid, other } of lines)
      if (kind === "beside")
        say(`number ${number} was run by process ${String(pid)} while process ${String(other)} was at it`);
    const attempts = runs.map(({ attempt }) => Number(attempt));
    // An attempt that did not count is made again under the same number.
    count("handlerRunsUncounted", runs.length - new Set(attempts).size);
    if (attempts.some((attempt, index) => attempt < (attempts[index - 1] ?? 1)))
      say(`number ${number} was tried in the order ${attempts.join(", ")}`);
  }
  for (const { number, receipt } of receipts ?? []) {
    const isJournal = isMembers(receipt["result"]) && "pid" in receipt["result"];
    if (isJournal && !ended.has(number)) say(`number ${number} is done, and no run of it has ended`);
  }
}
