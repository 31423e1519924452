/**
 * What readers of the outputs have seen while tasks were done and things broke; `reader.ts` writes it down so:
 *
 *     {"kind":"seen","path":"/…/out/a.jpg","sha256":"9f2c…"}      what lay there, whole; once for each
 *     {"kind":"torn","path":"/…/out/a.jpg","because":"…"}         it could not be decoded
 *     {"kind":"partial","path":"/…/b.3of3.jpg","missing":["…"]}   the last of a set was there and an earlier one was not
 *     {"kind":"twice","number":42,"paths":["…"]}                  two attempts of a number had temporaries at one time
 *     {"kind":"looks","files":1234,"sets":56}                     how much it has looked at since its last such line
 */
import { resolve } from "node:path";
import type { Findings } from "./findings.ts";
import { linesOf, type Members } from "./json.ts";
import type { Written } from "./outputs.ts";

/** What may lie at a path; undefined while not all receipts are there that would tell it. */
export interface Expected {
  readonly written: ReadonlyMap<string, readonly Written[]>;
  readonly unsure: ReadonlySet<string>;
  readonly root: string;
}

export async function checkSightings(
  readers: readonly string[],
  expected: Expected | undefined,
  { say, count }: Findings,
): Promise<void> {
  const doubtful = new Set([...(expected?.unsure ?? [])].map((file) => resolve(expected?.root ?? "", file)));
  const lines = (await Promise.all(readers.map(linesOf))).flat();
  for (const line of lines) {
    const path = String(line["path"]);
    if (line["kind"] === "torn") say(`a reader saw ${path} torn: ${String(line["because"])}`);
    if (line["kind"] === "partial") say(`a reader saw ${path}, and not yet ${String(line["missing"])}`);
    if (line["kind"] === "twice") say(`two attempts of number ${String(line["number"])} wrote at the same time`);
    if (line["kind"] === "looks") countLooks(line, count);
    if (line["kind"] !== "seen" || expected === undefined) continue;
    count("digestsSeen");
    const isTold = expected.written.get(path)?.some(({ sha256 }) => sha256 === line["sha256"]) ?? false;
    if (!isTold && !doubtful.has(path)) say(`a reader saw ${path} with a digest that no receipt tells`);
  }
}

function countLooks({ files, sets }: Members, count: Findings["count"]): void {
  count("filesRead", Number(files));
  count("setsRead", Number(sets));
}
