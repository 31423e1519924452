/**
 * The grammar of file names in a spool. A name carries all that scheduling needs, so that no file is opened to
 * find the next task:
 *
 *     42.json                      waiting, held or failed, and receipts
 *     42.a2.json                   waiting or held: attempt 2 comes next
 *     42.p5.json                   the same with priority 5
 *     42.p5.a1.json                active: attempt 1 is running
 *     1795251600000.42.p5.a2.json  deferred: attempt 2 is due at that time (ms since epoch)
 *     42  042  042.json            written by people; we never write them
 *     42.reason.json               why a task failed
 *     note.json.reason.json        what is wrong with a drop
 */
export interface EntryName {
  /** 1 to 2^53 - 1. */
  readonly number: number;
  /** 0 to 100; higher ones start first. */
  readonly priority: number;
  /** The attempt that runs or is due, from 1; 1 where the name says none. */
  readonly attempt: number;
  /** When the attempt is due, ms since epoch; 0 where the name says none. */
  readonly dueAtMs: number;
}

export type NameKind =
  | { readonly kind: "task"; readonly entry: EntryName }
  | { readonly kind: "unnumbered" }
  /** `number` is null beside a rejected drop, which has a name of its own. */
  | { readonly kind: "reason"; readonly number: number | null }
  | { readonly kind: "temporary" }
  | { readonly kind: "foreign" };

const TASK = /^(?:(\d{1,16})\.(?=\d+(?:\.p\d+)?\.a\d))?0*(\d{1,16})(?:\.p(\d{1,3}))?(?:\.a(\d{1,6}))?\.json$/;
const BARE = /^0*([1-9]\d{0,15})$/;
const REASON = /^(?:0*([1-9]\d{0,15})|.+)\.reason\.json$/;
const TEMPORARY = /^\.|~$|\.(tmp|part|swp)$/;

/** What a name found in a task directory means. Never throws, whatever people have put there. */
export function readName(name: string): NameKind {
  if (TEMPORARY.test(name)) return { kind: "temporary" };
  const reason = REASON.exec(name);
  if (reason !== null) return { kind: "reason", number: reason[1] === undefined ? null : Number(reason[1]) };
  const bare = BARE.exec(name)?.[1];
  const [, due, number, priority, attempt] = bare === undefined ? (TASK.exec(name) ?? []) : ["", undefined, bare];
  const entry = {
    number: Number(number ?? 0),
    priority: Number(priority ?? 0),
    attempt: Number(attempt ?? 1),
    dueAtMs: Number(due ?? 0),
  };
  if (isSane(entry)) return { kind: "task", entry };
  return name.endsWith(".json") ? { kind: "unnumbered" } : { kind: "foreign" };
}

/** The name of a waiting, held or failed task: `42.json`, `42.p5.json`. */
export function waitingName({ number, priority }: Pick<EntryName, "number" | "priority">): string {
  return `${stem(number, priority)}.json`;
}

/**
 * The name of a task that was put aside, or back, by a person: the shortest that says when it is due and which attempt
 * comes next, so that it goes on where it was.
 */
export function restingName(entry: EntryName): string {
  if (entry.dueAtMs > 0) return deferredName(entry);
  return entry.attempt > 1 ? activeName(entry) : waitingName(entry);
}

/** The name of a task whose attempt is running: `42.a1.json`. */
export function activeName({ number, priority, attempt }: Omit<EntryName, "dueAtMs">): string {
  return `${stem(number, priority)}.a${attempt}.json`;
}

/** The name of a task whose attempt is due later: `1795251600000.42.a2.json`. */
export function deferredName(entry: EntryName): string {
  return `${entry.dueAtMs}.${activeName(entry)}`;
}

/** The name of a receipt: priority and attempt no longer matter. */
export function receiptName(number: number): string {
  return `${number}.json`;
}

/** The name of the file that says why: of a task by its number, of a rejected drop by its whole name. */
export function reasonName(subject: number | string): string {
  return `${subject}.reason.json`;
}

/** Order in which tasks start: higher priority first, then lower number. */
export function compareEntries(a: EntryName, b: EntryName): number {
  return b.priority - a.priority || a.number - b.number;
}

function stem(number: number, priority: number): string {
  return priority === 0 ? `${number}` : `${number}.p${priority}`;
}

function isSane({ number, priority, attempt, dueAtMs }: EntryName): boolean {
  return number >= 1 && [number, dueAtMs].every(Number.isSafeInteger) && priority <= 100 && attempt >= 1;
}
