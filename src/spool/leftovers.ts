/** What a commit leaves behind: its temporary, and the drop that it is the copy of. */
import { type System, syncDirectory, unlinkIfThere } from "../system.ts";

interface Leftover {
  readonly temporary: string;
  readonly replaces?: { readonly path: string };
}

export interface Leftovers {
  /** Removes what a commit that has succeeded leaves behind. Never fails. */
  remove(leftover: Leftover): Promise<void>;
  /** Tries once more what could not be removed. */
  removeAgain(): Promise<void>;
}

/** A leftover must not turn a committed task into a failed call. @param tmp where temporaries and drops lie */
export function createLeftovers(system: System, tmp: string): Leftovers {
  /** Drops that could not be removed: a start would take them for new ones, once their task has ended. */
  const left = new Set<Leftover>();
  return {
    remove,
    async removeAgain() {
      for (const leftover of left) await remove(leftover);
    },
  };

  /** The drop goes first, durably: as long as both are there, a later start can see that the copy was linked. */
  async function remove(leftover: Leftover): Promise<void> {
    const { temporary, replaces } = leftover;
    try {
      if (replaces !== undefined) {
        await unlinkIfThere(system, replaces.path);
        await syncDirectory(system, tmp);
      }
      left.delete(leftover);
    } catch {
      // The disk is at fault; who looks next tries again.
      left.add(leftover);
      return;
    }
    // Rubbish that the daemon sweeps when it starts.
    await unlinkIfThere(system, temporary).catch(() => undefined);
  }
}
