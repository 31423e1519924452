import { existsSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A wall clock that can be set, for processes that are started with its environment. Their monotonic clock stays true. */
export interface WallClock {
  readonly env: NodeJS.ProcessEnv;
  /** Sets it, ms from the true time. */
  set(offsetMs: number): void;
}

/** Where distributions put libfaketime, in its variant for programs with threads. */
export const LIBRARIES = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"].flatMap(
  (place) => [join(place, "faketime/libfaketimeMT.so.1"), join(place, "libfaketimeMT.so.1")],
);

/** @returns undefined where libfaketime is missing */
export function wallClockIn(directory: string): WallClock | undefined {
  const library = LIBRARIES.find((path) => existsSync(path));
  if (library === undefined) return undefined;
  const file = join(directory, "clock");
  const set = (offsetMs: number): void => {
    // By a rename: nobody may read half an offset.
    writeFileSync(`${file}.new`, `${offsetMs < 0 ? "-" : "+"}${Math.abs(Math.round(offsetMs / 1_000))}`);
    renameSync(`${file}.new`, file);
  };
  set(0);
  const stamps = { FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: "1" };
  // Files keep the times that the kernel gives them.
  return { env: { ...stamps, LD_PRELOAD: library, FAKETIME_DONT_FAKE_MONOTONIC: "1", NO_FAKE_STAT: "1" }, set };
}
