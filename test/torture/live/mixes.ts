/** What producers ask for while things break: mostly good work, and some that is not. */
import type { NewTask } from "../../../src/index.ts";
import type { NewHandlerTask } from "../../../src/spool/spool.ts";

/** Which tasks a producer enqueues. */
export type Mix = "kills" | "soak";

/** Who asks for a task, and for which time. */
export interface Asker {
  readonly name: string;
  readonly count: number;
  readonly random: () => number;
}

type AnyTask = NewTask | NewHandlerTask;

/** Files of this many names are written again and again by the tasks of one producer; fewer by all of them. */
const OWN_NAMES = 25;
const SHARED_NAMES = 4;
/** A directory must not hold so many sets that a reader is busy with it alone. */
const SETS_TOGETHER = 100;

/** The next task of a producer. */
export function taskFor(mix: Mix, asker: Asker): AnyTask {
  const task = mix === "kills" ? forKills(asker) : forSoak(asker);
  return { ...task, supplicant: asker.name, summary: `${asker.name} ${asker.count}` };
}

function forKills(asker: Asker): AnyTask {
  const dice = asker.random();
  // As long as a daemon takes to start: whoever outlives the one before is caught at it. No longer, or else kills that
  // come one after the other would use up all its attempts.
  if (dice < 0.03) return { handler: "journal", data: { ms: 300 }, reads: [], writes: [] };
  if (dice < 0.25) return ofHandler(asker);
  if (dice < 0.5) return newSet(asker);
  if (dice < 0.55) return pyramid(asker);
  return overlapping(asker);
}

/** 90 % good, 5 % bad, 4 % slow, 1 % poison. */
function forSoak(asker: Asker): AnyTask {
  const dice = asker.random();
  if (dice < 0.01) return poison(asker);
  if (dice < 0.05) return slow(asker);
  if (dice < 0.1) return bad(asker);
  if (dice < 0.2) return ofHandler(asker);
  if (dice < 0.25) return newSet(asker);
  if (dice < 0.26) return pyramid(asker);
  return overlapping(asker);
}

/** Files that other tasks write as well: those of this producer, and one of everybody's. */
function overlapping({ name, count, random }: Asker): NewTask {
  const [own, shared] = [count % OWN_NAMES, Math.floor(random() * SHARED_NAMES)];
  return {
    source: "quick.jpg",
    outputs: [
      { file: `out/${name}-${own}-a.jpg`, width: 160 },
      { file: `out/${name}-${own}-b.webp`, width: 48, height: 48 },
      { file: `out/shared/${shared}.png`, width: 16 + (count % 50) },
    ],
  };
}

/** Files that no other task writes: whoever sees the last one sees them all. */
function newSet({ name, count }: Asker): NewTask {
  const set = `out/sets/${name}/${Math.floor(count / SETS_TOGETHER)}/${count}`;
  return {
    source: "quick.jpg",
    outputs: [
      { file: `${set}.1of3.jpg`, width: 120 },
      { file: `${set}.2of3.webp`, width: 60 },
      { file: `${set}.3of3.png`, width: 30 },
    ],
  };
}

function pyramid({ name, count }: Asker): NewTask {
  return {
    source: "quick.jpg",
    outputs: [{ file: `tiles/${name}-${count % SHARED_NAMES}.dzi`, tile: { size: 128 } }],
  };
}

function ofHandler({ random }: Asker): NewHandlerTask {
  const busyMs = random() < 0.2 ? Math.floor(random() * 60) : 0;
  return { handler: "journal", data: { ms: Math.floor(random() * 120), busyMs }, reads: [], writes: [] };
}

function slow({ name, count, random }: Asker): AnyTask {
  if (random() < 0.5) return { handler: "journal", data: { ms: 1_500 }, reads: [], writes: [] };
  return { source: "large.jpg", outputs: [{ file: `out/${name}-slow-${count % 3}.avif`, width: 320 }] };
}

const BAD = ["missing.jpg", "cut.jpg", "text.jpg", "../outside.jpg"] as const;

function bad({ name, random }: Asker): NewTask {
  const source = BAD[Math.floor(random() * BAD.length)] ?? BAD[0];
  return { source, outputs: [{ file: `out/${name}-bad.jpg`, width: 80 }] };
}

const POISONS = ["kill", "spin", "eat"] as const;

function poison({ random }: Asker): NewHandlerTask {
  const how = POISONS[Math.floor(random() * POISONS.length)] ?? POISONS[0];
  return { handler: "poison", data: { how }, reads: [], writes: [], timeoutMs: 1_000, maxAttempts: 2 };
}

/** A handler that takes its worker down, or does not come back in time, or takes all the memory that there is. */
export const POISON_HANDLER = `export default async ({ data: { how } }) => {
  if (how === "kill") process.kill(process.pid, "SIGKILL");
  if (how === "spin") for (;;);
  const kept = [];
  for (;;) {
    kept.push(Buffer.alloc(16 * 1024 * 1024, kept.length + 1));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
`;
