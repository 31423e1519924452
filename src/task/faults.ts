import { SpooldError } from "../errors.ts";

/** One thing wrong with a task, and the place in the file where it is wrong. */
export interface Fault {
  /** JSON pointer (RFC 6901) to the place; the empty string is the whole file. */
  readonly pointer: string;
  /** The recipe whose file the pointer leads into; absent when it leads into the task. */
  readonly recipe?: string;
  readonly expected: string;
  /** What stands there, as JSON, cut to 200 characters; absent when nothing stands there. */
  readonly received?: string;
  /** The known word that is nearest to an unknown one. */
  readonly nearest?: string;
}

/** The error that carries faults. */
export function invalidTask(faults: readonly Fault[], cause?: unknown): SpooldError {
  return new SpooldError("TASK_INVALID", { faults, count: faults.length }, { cause });
}

/** The faults of a TASK_INVALID or SCHEDULE_INVALID error; none for any other error. */
export function faultsOfError(error: Pick<SpooldError, "code" | "facts">): readonly Fault[] {
  const hasFaults = error.code === "TASK_INVALID" || error.code === "SCHEDULE_INVALID";
  return hasFaults ? (error.facts["faults"] as readonly Fault[]) : [];
}

/** One line a fault, for people. Control characters in it are escaped: the text may come from anybody. */
export function describeFault({ pointer, recipe, expected, received, nearest }: Fault): string {
  const file = recipe === undefined ? "" : `recipes/${recipe}.json`;
  const place = [file, pointer].filter((part) => part !== "").join(" ");
  const got = received === undefined ? "" : `, got ${received}`;
  const hint = nearest === undefined ? "" : ` (did you mean "${nearest}"?)`;
  const line = `${place === "" ? "the file" : place}: expected ${expected}${got}${hint}`;
  return printable(line);
}

/** Text with control characters and what turns its direction shown as `\\u001b`, so that it cannot play tricks on a terminal. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** What plays tricks on a terminal; JSON leaves some of it raw, and pointers hold the names of members as they are. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
