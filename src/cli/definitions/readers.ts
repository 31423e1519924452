/** What words of the command line may be. Each throws commander's error, which names the option and the word. */
import { InvalidArgumentError } from "commander";
import { taskNumberIn } from "../task-number.ts";

/** An empty one would be the working directory: `SPOOLD_DIR=$UNSET spoold start` must not make a spool of that. */
export function readDirectory(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("a directory has a name.");
}

/** The number of a task. */
export function readNumber(text: string): number {
  const number = taskNumberIn(text);
  if (number !== undefined) return number;
  throw new InvalidArgumentError("a task's number is a whole number from 1.");
}

/** One more number of a task. */
export function readNumbers(text: string, earlier: readonly number[] | undefined): readonly number[] {
  return [...(earlier ?? []), readNumber(text)];
}

/** One more `word=value`. */
export function readVar(
  text: string,
  earlier: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const [, word, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (word === undefined || value === undefined) throw new InvalidArgumentError("it is written word=value.");
  return Object.fromEntries([...Object.entries(earlier ?? {}), [word, value]]);
}

/** The priority of a task. */
export function readPriority(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) <= 100) return Number(text);
  throw new InvalidArgumentError("a priority is a whole number from 0 to 100.");
}

/** How many at most. */
export function readLimit(text: string): number {
  const number = Number(text);
  if (/^\d{1,9}$/.test(text) && number > 0) return number;
  throw new InvalidArgumentError("a limit is a whole number from 1.");
}

/** The name of an account or a unit. */
export function readWord(text: string): string {
  if (/^\w[\w.-]{0,63}$/.test(text)) return text;
  throw new InvalidArgumentError("a name has 1 to 64 of A-Z a-z 0-9 . _ -");
}

/** A number of things, from 0. */
export function readCount(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("a count is a whole number from 0.");
}

/** A number of bytes: `4096`, `64k`, `500M`, `2G`, in powers of 1024. */
export function readBytes(text: string): number {
  const [, count = "", unit = "none"] = /^(\d{1,12})([kKMGT]?)$/.exec(text) ?? [];
  const power = POWERS_OF_1024[unit];
  const bytes = Number(count) * 1024 ** (power ?? 0);
  if (power !== undefined && Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgumentError("a size is written 4096, 64k, 500M or 2G.");
}

const POWERS_OF_1024: Readonly<Record<string, number>> = { "": 0, k: 1, K: 1, M: 2, G: 3, T: 4 };
