/** Where a command gets the numbers from of the tasks that it is to work on. */
import { createInterface } from "node:readline";
import { SpooldError } from "../errors.ts";
import { parseObject } from "../task/text.ts";
import { isTaskNumber, STDIN, taskNumberIn } from "./task-number.ts";

/**
 * The numbers that arguments tell, each once, in their order.
 * @throws USAGE, naming the line, when standard input holds anything else; then none is told
 */
export async function readNumberList(args: readonly (number | typeof STDIN)[]): Promise<readonly number[]> {
  const numbers = new Set<number>();
  for (const arg of args) {
    for (const number of arg === STDIN ? await readNumberLines() : [arg]) numbers.add(number);
  }
  return [...numbers];
}

/** One a line: a number, or JSON as `spoold list --json` prints it. What has no number there is no task. */
async function readNumberLines(): Promise<readonly number[]> {
  const numbers: number[] = [];
  let count = 0;
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    count += 1;
    const text = line.trim();
    const object = text.startsWith("{") ? parseObject(text) : undefined;
    if (text === "" || object?.["number"] === null) continue;
    const number = object === undefined ? taskNumberIn(text) : object["number"];
    if (!isTaskNumber(number)) {
      throw new SpooldError("USAGE", { line: count, because: "neither a task's number nor JSON that has one" });
    }
    numbers.push(number);
  }
  return numbers;
}
