import { relative } from "node:path";
import { type FileSystem, realSystem, type System } from "../../src/system.ts";
import { realName } from "./real-name.ts";

/** One change, or one look, at the file system. Paths are relative to the recorder's root. */
export interface Operation {
  /** As a person would read it: `link tmp/#1.json tasks/1.json`. Random names are numbered as they appear. */
  readonly text: string;
  readonly verb: string;
  readonly path: string;
  /** The second path of a link or a rename. */
  readonly to?: string;
  /** Moments of one common clock: what ended before another began has happened before it. */
  readonly begun: number;
  readonly ended: number;
}

export interface Recorder {
  readonly system: System;
  /** Changes and fsyncs, each at the earliest moment (a change) or the latest (a write, an fsync) at which it took effect. */
  operations(): Operation[];
  /** The same, as readable lines. */
  lines(): string[];
  /** Everything that was asked of the file system, looks included. */
  calls(): string[];
  /** Notes that something was told to somebody: `note resolved 1`. */
  note(text: string): void;
  clear(): void;
}

/** Asked before each call with its text; what it throws the call throws, and nothing happens on disk. */
export type Before = (text: string) => void | Promise<void>;

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const CHANGES = new Set(["link", "mkdir", "rename", "rm", "rmdir", "symlink", "unlink"]);
const TOLD_AT_START = new Set([...CHANGES, "create", "note"]);
const HANDLE_VERBS: Readonly<Record<string, string>> = {
  writeFile: "write",
  write: "write",
  truncate: "write",
  sync: "fsync",
  close: "close",
};

/** An error as the operating system reports it. */
export function errno(code: string): Error {
  return Object.assign(new Error(`${code}: made up by a test`), { code });
}

/** A `Before` that fails the calls whose text satisfies a condition. */
export function failing(code: string, condition: (text: string) => boolean): Before {
  return (text) => {
    if (condition(text)) throw errno(code);
  };
}

/** A System that does what the real one does, and keeps a list of it. */
export function record(root: string, before: Before = () => undefined, base: System = realSystem()): Recorder {
  const names = new Map<string, string>();
  let done: Operation[] = [];
  let calls: string[] = [];
  let clock = 0;

  return {
    system: { ...base, fs: recordingFs() },
    operations: () => {
      const moment = ({ verb, begun, ended }: Operation): number => (TOLD_AT_START.has(verb) ? begun : ended);
      return done.toSorted((a, b) => moment(a) - moment(b));
    },
    lines() {
      return this.operations().map(({ text }) => text);
    },
    calls: () => [...calls],
    note(text) {
      done.push({ text: `note ${text}`, verb: "note", path: text, begun: ++clock, ended: ++clock });
    },
    clear() {
      done = [];
      calls = [];
    },
  };

  function recordingFs(): FileSystem {
    return new Proxy(
      { ...base.fs },
      {
        get(target, name) {
          const method: unknown = Reflect.get(target, name);
          if (typeof method !== "function") return method;
          return async (...args: unknown[]): Promise<unknown> => {
            const call = async (): Promise<unknown> => Reflect.apply(method, base.fs, args);
            if (name !== "open") return perform(String(name), args, CHANGES.has(String(name)), call);
            const verb = /^[wa]/.test(String(args[1])) ? "create" : "open";
            const handle = await perform(verb, args.slice(0, 1), verb === "create", call);
            return recordingHandle(handle as object, args[0], verb === "create");
          };
        },
      },
    );
  }

  /** The closing of what was only read is a look, not a change. */
  function recordingHandle(handle: object, path: unknown, created: boolean): object {
    return new Proxy(handle, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name, target);
        if (typeof method !== "function") return method;
        const verb = HANDLE_VERBS[String(name)];
        return (...args: unknown[]): unknown => {
          const call = async (): Promise<unknown> => Reflect.apply(method, target, args);
          if (verb === undefined && name !== "read") return Reflect.apply(method, target, args);
          return perform(verb ?? String(name), [path], verb !== undefined && (verb !== "close" || created), call);
        };
      },
    });
  }

  async function perform(
    verb: string,
    args: readonly unknown[],
    kept: boolean,
    call: () => Promise<unknown>,
  ): Promise<unknown> {
    const two = verb === "link" || verb === "rename";
    // Of a symbolic link the name is of interest, not what it says.
    const paths = verb === "symlink" ? args.slice(1, 2) : args.slice(0, two ? 2 : 1);
    const [path = "", to] = paths.map(told);
    const text = [verb, path, ...(to === undefined ? [] : [to])].join(" ");
    calls.push(text);
    await before(text);
    const begun = ++clock;
    const result = await call();
    const operation = { text, verb, path, begun, ended: ++clock };
    if (kept) done.push(to === undefined ? operation : { ...operation, to });
    return result;
  }

  function told(path: unknown): string {
    const inside = relative(root, realName(path)) || ".";
    return inside.replace(UUID, (uuid) => {
      const known = names.get(uuid) ?? `#${names.size + 1}`;
      names.set(uuid, known);
      return known;
    });
  }
}
