import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openSpool } from "../../../src/index.ts";
import { type Layout, layoutOf } from "../../../src/spool/layout.ts";
import { placeModule } from "../../support/handlers.ts";
import type { Torture, TortureContext, TortureReport } from "../torture-context.ts";
import { startVictim } from "../victim.ts";
import { type PlannedDrop, planOf } from "./drop-plan.ts";
import { type Dropped, dropByHand } from "./hands.ts";
import { faultsOfDrops, readEnds } from "./judge-drops.ts";

/** Files dropped by many hands, in pieces and with rests, for a real daemon. */
export const drops: Torture = {
  tells:
    "files dropped by cp, mv, cat, editors and programs in pieces with rests, some of them no tasks; one in 25 with the default settle time",
  rounds: 5_000,
  async run(context) {
    const usual = Math.ceil(context.rounds / 25);
    const quick = await playDrops(context, { name: "quick", first: 0, count: context.rounds - usual, settleMs: 200 });
    const slow = await playDrops(context, {
      name: "usual",
      first: context.rounds - usual,
      count: usual,
      settleMs: 1_000,
    });
    const faults = [...quick.faults, ...slow.faults];
    const { replacedInTime = 0, replacedTooLate = 0 } = quick.counts["delivered"] ?? {};
    if (replacedTooLate > replacedInTime) faults.push(`${replacedTooLate} drops were not replaced before they settled`);
    return {
      faults: faults.slice(0, 50),
      counts: { ...prefixed("quick", quick.counts), ...prefixed("usual", slow.counts) },
      figures: { ...quick.figures, usualDrops: usual },
    };
  },
};

/** One daemon, and what is dropped for it. */
export interface Play {
  readonly name: string;
  readonly first: number;
  readonly count: number;
  readonly settleMs: number;
  /** After how long an unfinished drop is rejected; 10 s when it is left out, which no rest comes near. */
  readonly rejectAfterMs?: number;
  /** How many hands work at once; 64 when it is left out. */
  readonly hands?: number;
}

const HANDS_AT_ONCE = 64;
const REJECT_AFTER_MS = 10_000;

/** What the handler of all drops does: it tells what it was given. */
const NOTE = `import { createHash } from "node:crypto";
export default async ({ data }) => ({ drop: data.drop, digest: createHash("sha256").update(JSON.stringify(data)).digest("hex") });
`;

/** Drops all, waits until the daemon has seen to them, and judges what became of each. */
export async function playDrops(context: TortureContext, play: Play): Promise<TortureReport> {
  const { rejectAfterMs = REJECT_AFTER_MS, settleMs, hands = HANDS_AT_ONCE } = play;
  const directory = join(context.directory, play.name);
  await mkdir(join(directory, "beside"), { recursive: true });
  const layout = layoutOf((await openSpool(join(directory, "spool"))).directory);
  await placeModule(layout.handlers, "note.mjs", NOTE);
  const settings = [
    "--settle",
    settleMs,
    "--reject-after",
    rejectAfterMs,
    "--concurrency",
    1,
    "--keep-done-count",
    1e9,
  ];
  const victim = await startVictim(directory, settings.map(String));
  const place = { tasks: layout.tasks, beside: join(directory, "beside"), settleMs };
  const done = new Map<PlannedDrop, Dropped>();
  const disturbed: string[] = [];
  let next = play.first;
  const feed = async (): Promise<void> => {
    while (next < play.first + play.count && victim.lives()) {
      const drop = planOf(context.seed, next++, settleMs);
      try {
        done.set(drop, await dropByHand(place, drop));
      } catch (error) {
        // What it was writing was taken from under its hand.
        disturbed.push(`drop ${drop.index} (${drop.hand}): its hand could not finish: ${String(error)}`);
      }
      if (done.size % 500 === 0) context.say(`${play.name}: ${done.size} of ${play.count}`);
    }
  };
  await Promise.all(Array.from({ length: hands }, feed));
  await untilQuiet(layout, done, () => victim.lives());
  const { exit, complaints: _complaints, errors: _errors, ...measured } = await victim.stop();
  const { faults, counts } = await faultsOfDrops(layout, await readEnds(directory, layout), done, {
    settleMs,
    rejectAfterMs,
  });
  faults.push(...disturbed);
  if (exit !== 0) faults.push(`the daemon ended with ${exit}`);
  const pieces = [...done.keys()].reduce((sum, { cuts }) => sum + cuts.length + 1, 0);
  return { faults, counts, figures: { drops: done.size, pieces, ...measured } };
}

const PATIENCE_MS = 120_000;

/** Waits until nothing lies in `tasks/` but what hands have left there, and nothing runs. */
async function untilQuiet(
  layout: Layout,
  done: ReadonlyMap<PlannedDrop, Dropped>,
  lives: () => boolean,
): Promise<void> {
  const left = new Set([...done.values()].flatMap((dropped) => Object.keys(dropped.left)));
  const endAtMs = performance.now() + PATIENCE_MS;
  while (lives() && performance.now() < endAtMs) {
    const waiting = (await readdir(layout.tasks)).filter((name) => !left.has(name));
    const others = [await readdir(layout.active), await readdir(layout.deferred)].flat();
    if (waiting.length + others.length === 0) return;
    await sleep(50);
  }
}

function prefixed(name: string, counts: TortureReport["counts"]): TortureReport["counts"] {
  return Object.fromEntries(Object.entries(counts).map(([group, count]) => [`${name} ${group}`, count]));
}
