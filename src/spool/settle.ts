import type { Fingerprint } from "./task-file.ts";
import { isSameFile } from "./task-file.ts";

/** How long a drop has lain unchanged. */
export interface Settler {
  /**
   * Notes a look at a drop.
   * @param nowMs monotonic, so that a jump of the clock settles nothing
   * @returns for how many ms the same file has been seen unchanged; 0 at the first sight of this state of it
   */
  look(name: string, fingerprint: Fingerprint, nowMs: number): number;
  /** Forgets all drops but these: the others are gone. */
  keepOnly(names: ReadonlySet<string>): void;
  /** How many drops are being watched. */
  size(): number;
}

/** Remembers drops by name. What it knows is lost with the process: a new daemon lets each drop settle anew. */
export function createSettler(): Settler {
  const seen = new Map<string, { fingerprint: Fingerprint; sinceMs: number }>();
  return {
    look(name, fingerprint, nowMs) {
      const known = seen.get(name);
      if (known !== undefined && isSameFile(known.fingerprint, fingerprint)) return nowMs - known.sinceMs;
      seen.set(name, { fingerprint, sinceMs: nowMs });
      return 0;
    },
    keepOnly(names) {
      for (const name of seen.keys()) if (!names.has(name)) seen.delete(name);
    },
    size: () => seen.size,
  };
}
