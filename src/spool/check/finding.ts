/** Everything that `check` may find, and what `--fix` does about it. README's table is tested against this one. */
export const FINDINGS = {
  "missing-directory": row("a directory of the spool is not there", "makes it"),
  "unsafe-directory": row("others may write into a directory of the spool", "takes that permission from them"),
  "wrong-owner": row("files of the spool belong to another account, or its own may not read them", null),
  "foreign-file": row("something lies in the spool that spoold does not know there", null),
  "claim-without-daemon": row("a task was running when its daemon died", null),
  "number-twice": row("two files have one number", "removes one when both are names of one file"),
  "ended-twice": row("a task has ended and lies elsewhere too", "removes what a start would, when no daemon runs"),
  "cancel-unfinished": row("a cancelled task lies in held/ still", "removes it, for its receipt is there"),
  "not-a-task": row("a file with the name of a task is none", "moves it to rejected/, from held/ and deferred/"),
  "not-a-receipt": row("a file with the name of a receipt is none", null),
  "missing-source": row("the source of a waiting task cannot be read", null),
  "record-without-task": row("attempts are remembered of a task that is not under way", "removes the record"),
  "mark-without-task": row("a batch or a dedupe word names a task that is nowhere", "removes the mark"),
  "reason-without-task": row("a reason lies there without what it is about", "removes it when its task is done"),
  "damaged-record": row("a file of run/ cannot be understood", null),
  "drop-in-tmp": row("a drop was being taken in when the daemon died", "puts it back into tasks/"),
  "stale-temporary": row("a file was left in tmp/ for more than 36 hours", "removes it"),
  "half-output": row("a temporary lies beside outputs, and no attempt is under way", "removes it, but for old outputs"),
  "output-gone": row("some outputs of a task are gone, others are there", null),
  "output-changed": row("an output is not what its receipt says", null),
  "outputs-removed": note("no output of a task is there any more"),
  gap: note("numbers were given that lie nowhere"),
} as const satisfies Readonly<Record<string, FindingRow>>;

interface FindingRow {
  readonly tells: string;
  /** What `--fix` does; null when it does nothing. */
  readonly fix: string | null;
  /** Whether it is told of only because somebody may want to know: it may be just as it should be. */
  readonly isNote: boolean;
}

export type FindingCode = keyof typeof FINDINGS;

/** One thing that is not as it should be. */
export interface Finding {
  readonly code: FindingCode;
  /** Absolute. */
  readonly path: string;
  /** What is the matter with it, in a few words. */
  readonly tells: string;
  /** Other files that must be there, too, for it to be so. */
  readonly beside?: readonly string[];
  /** What `--fix` does about it; absent where it does nothing. */
  readonly mend?: Mend;
}

/** A way to put something in order that cannot lose anything. */
interface Mend {
  /** Whether no daemon may own the spool meanwhile. */
  readonly needsLock: boolean;
  apply(): Promise<void>;
}

function row(tells: string, fix: string | null): FindingRow {
  return { tells, fix, isNote: false };
}

function note(tells: string): FindingRow {
  return { tells, fix: null, isNote: true };
}
