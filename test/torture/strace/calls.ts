/** What strace tells of a process's calls that change the file system. */
import { join } from "node:path";

/** Calls that change files or directories, or make changes durable. `openat` counts where it may create or empty a file. */
export const CHANGES = [
  ...["openat", "write", "pwrite64", "ftruncate", "fsync", "fdatasync", "fchown", "chmod", "fchmod", "utimensat"],
  ...["link", "rename", "unlink", "mkdir", "rmdir", "symlink", "unlinkat", "renameat2", "linkat", "mkdirat"],
] as const;

/** One of a process's calls, so that the same one can be met again in a run that goes the same way. */
export interface Address {
  readonly call: string;
  /** A path that the call names, or that its descriptor is open at; absolute. Empty where it is another one at each run. */
  readonly path: string;
  /** Which of that thread's calls of this name and path, from 1; without a path, of all of this name. */
  readonly nth: number;
}

/** A call as it was seen. */
export interface SeenCall extends Address {
  readonly thread: string;
  /** Every path that it names. */
  readonly paths: readonly string[];
  /** `EEXIST`; undefined when it succeeded, or nobody knows. */
  readonly errno: string | undefined;
}

const LINE = /^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$/;
const RESULT = /= -1 ([A-Z]+)[^=]*$/;
const MAY_CREATE = /O_(?:CREAT|WRONLY|RDWR|TRUNC)/;
const ON_DESCRIPTOR = new Set(["write", "pwrite64", "ftruncate", "fsync", "fdatasync", "fchown", "fchmod"]);

/** The calls in a log of strace, in the order in which they began; those alone that change something. */
export function callsIn(log: string): readonly SeenCall[] {
  const calls: SeenCall[] = [];
  const underWay = new Map<string, number>();
  const counted = new Map<string, number>();
  for (const line of log.split("\n")) {
    const [, thread = "", resumed, name = "", rest = ""] = LINE.exec(line) ?? [];
    const errno = RESULT.exec(rest)?.[1];
    if (resumed !== undefined) {
      const begun = underWay.get(thread);
      const call = calls[begun ?? -1];
      if (begun !== undefined && call !== undefined) calls[begun] = { ...call, errno };
      underWay.delete(thread);
      continue;
    }
    if (name === "") continue;
    const paths = pathsIn(name, rest);
    for (const path of ["", ...(name === "rename" ? paths.slice(0, 1) : paths)]) {
      const id = `${thread} ${name} ${path}`;
      counted.set(id, (counted.get(id) ?? 0) + 1);
    }
    // strace counts those that only read as well.
    if (paths.length === 0 || (name === "openat" && !MAY_CREATE.test(rest))) continue;
    const path = HOLDS_TIME.test(paths[0] ?? "") ? "" : (paths[0] ?? "");
    const nth = counted.get(`${thread} ${name} ${path}`) ?? 1;
    if (rest.includes("<unfinished")) underWay.set(thread, calls.length);
    calls.push({ call: name, path, paths, nth, thread, errno });
  }
  return calls;
}

/** A name that says when a task is due is another one at each run. */
const HOLDS_TIME = /\/\d{13}\.\d+\./;

function pathsIn(name: string, rest: string): readonly string[] {
  if (ON_DESCRIPTOR.has(name)) {
    const path = /^\d+<(\/[^>]*)>/.exec(rest)?.[1];
    return path === undefined ? [] : [plain(path).replace(/ \(deleted\)$/, "")];
  }
  const directory = plain(/^AT_FDCWD<([^>]*)>/.exec(rest)?.[1] ?? "/");
  const texts = [...rest.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => plain(text));
  // What a symbolic link says is no path of this call.
  return (name === "symlink" ? texts.slice(1) : texts).map((text) =>
    text.startsWith("/") ? text : join(directory, text),
  );
}

/** Takes back what strace puts before bytes that are no plain letters. */
function plain(text: string): string {
  const bytes = text.replace(/\\([0-7]{1,3})|\\(.)/g, (_all, octal, letter) =>
    octal === undefined ? String(letter) : String.fromCharCode(Number.parseInt(String(octal), 8)),
  );
  return Buffer.from(bytes, "latin1").toString();
}
