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
  /** Where the path is named from a descriptor of a directory, `/proc/self/fd/25/tail`: what stands behind that. */
  readonly tail?: string;
  /** Which of that thread's calls of this name and path, from 1; without a path, of all of this name. */
  readonly nth: number;
}

/** Nobody has more open at once in a torture. */
const MOST_OPEN = 100;

/** All forms in which a program may name the path of an address: which descriptor a directory gets is told by chance. */
export function formsOf({ path, tail }: Pick<Address, "path" | "tail">): readonly string[] {
  if (tail !== undefined) return Array.from({ length: MOST_OPEN }, (_, fd) => `/proc/self/fd/${fd}${tail}`);
  return path === "" ? [] : [path];
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

const OPENED = /= (\d+)<(\/[^>]*)>/;
const BY_DESCRIPTOR = /^\/proc\/self\/fd\/(\d+)(\/.*)$/;

/** The calls in a log of strace, in the order in which they began; those alone that change something. */
export function callsIn(log: string): readonly SeenCall[] {
  const calls: SeenCall[] = [];
  const underWay = new Map<string, number>();
  const counted = new Map<string, number>();
  const open = new Map<string, string>();
  const real = (path: string): string => {
    const [, fd = "", tail = ""] = BY_DESCRIPTOR.exec(path) ?? [];
    return open.has(fd) ? `${open.get(fd)}${tail}` : path;
  };
  for (const line of log.split("\n")) {
    const [, thread = "", resumed, name = "", rest = ""] = LINE.exec(line) ?? [];
    const errno = RESULT.exec(rest)?.[1];
    const [, fd, opened = ""] = OPENED.exec(rest) ?? [];
    if (fd !== undefined) open.set(fd, plain(opened));
    const begun = calls[underWay.get(thread) ?? -1];
    if (resumed !== undefined && begun !== undefined) calls[underWay.get(thread) ?? -1] = { ...begun, errno };
    if (resumed !== undefined) underWay.delete(thread);
    if (name === "") continue;
    const named = pathsIn(name, rest);
    for (const form of ["", ...(name === "rename" ? named.slice(0, 1) : named).map(formOf)]) {
      const id = `${thread} ${name} ${form}`;
      counted.set(id, (counted.get(id) ?? 0) + 1);
    }
    const [first] = named;
    // strace counts those that only read as well.
    if (first === undefined || (name === "openat" && !MAY_CREATE.test(rest))) continue;
    const form = HOLDS_TIME.test(first) ? "" : formOf(first);
    const nth = counted.get(`${thread} ${name} ${form}`) ?? 1;
    if (rest.includes("<unfinished")) underWay.set(thread, calls.length);
    const tail = BY_DESCRIPTOR.exec(first)?.[2];
    const address = { call: name, path: form === "" ? "" : real(first), nth, ...(tail !== undefined && { tail }) };
    calls.push({ ...address, paths: named.map(real), thread, errno });
  }
  return calls;
}

/** What strace is told to look for, as far as it is the same at each run. */
function formOf(path: string): string {
  return path.replace(BY_DESCRIPTOR, "/proc/self/fd/N$2");
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
