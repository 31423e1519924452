import * as nodeFs from "node:fs";
import { mkdir, rmdir, stat, utimes } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { FileSystem, System } from "../../../src/system.ts";
import { realSystem } from "../../../src/system.ts";

/** Waits for a while, or not at all; asked before and after each step of taking a lock. */
export type Delay = () => Promise<void>;

/** Half of the steps wait for some ms, few for much longer. */
export function delaysOf(random: () => number): Delay {
  return async () => {
    const wish = random();
    if (wish < 0.5) return;
    await sleep(wish > 0.98 ? 15 + 40 * random() : 5 * random());
  };
}

/** The real system, each call with a delay before and after it. */
export function slowSystem(delay: Delay): System {
  const real = realSystem();
  const fs = new Proxy(real.fs, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return async (...args: unknown[]): Promise<unknown> => {
        await delay();
        const result: unknown = await Reflect.apply(method, target, args);
        await delay();
        return result;
      };
    },
  });
  return { ...real, fs };
}

type Callback = (...results: unknown[]) => void;

/** node:fs as proper-lockfile wants it, with the same delays. */
export function slowFs(delay: Delay): typeof nodeFs {
  const slowed = Object.entries({ mkdir, rmdir, stat, utimes }).map(([name, method]) => {
    const call = (...args: unknown[]): void => {
      const done = args.at(-1) as Callback;
      const after: Callback = (...results) => void delay().then(() => done(...results));
      void delay().then(() => Reflect.apply(method, nodeFs, [...args.slice(0, -1), after]));
    };
    return [name, call] as const;
  });
  return { ...nodeFs, ...Object.fromEntries(slowed) };
}

/** From where a contender looks at the holder: beside it, from another container, or from another machine. */
export type View = "beside" | "container" | "machine";

/** The same system as it is seen from elsewhere. */
export function seenFrom(view: View, system: System): System {
  if (view === "beside") return system;
  const { fs } = system;
  const readlink = async (path: string): Promise<string> =>
    path === "/proc/self/ns/pid" ? "pid:[1]" : ((await fs.readlink(path)) as string);
  const readFile = async (path: string, encoding: BufferEncoding): Promise<string> => {
    const isIdentity = path === "/etc/machine-id" || path === "/proc/sys/kernel/random/boot_id";
    return view === "machine" && isIdentity ? "another\n" : fs.readFile(path, encoding);
  };
  return { ...system, fs: { ...copyOf(fs), ...({ readlink, readFile } as Pick<FileSystem, "readlink" | "readFile">) } };
}

/** A proxy has no members of its own to spread. */
function copyOf(fs: FileSystem): FileSystem {
  return Object.fromEntries(Object.keys(fs).map((name) => [name, Reflect.get(fs, name)])) as unknown as FileSystem;
}
