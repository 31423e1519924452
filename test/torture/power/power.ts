import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { chance } from "../../support/scenery/chance.ts";
import type { Torture, TortureContext, TortureReport } from "../torture-context.ts";
import { afterLoss, type Disk } from "./disk.ts";
import { fateOf } from "./fate.ts";
import { promisedBy } from "./judge.ts";
import { fingerprintOf, materialise } from "./materialise.ts";
import { type Loss, recoverFrom } from "./recovery.ts";
import { type Note, playScene, type Scene } from "./scene.ts";
import { runSession } from "./session.ts";
import { recordDisk } from "./tape.ts";

/** The power goes at any moment, and what no fsync has made durable is there, or not, or torn. */
export const power: Torture = {
  tells: "spools after a loss of power, each recovered by a real daemon; rounds are different states",
  rounds: 20_000,
  run: losePower,
};

/** States that are looked at of each recording. */
const STATES_OF_ONE = 60;
/** In so many of them the power goes once more while the daemon recovers, and of that so many states are looked at. */
const AGAIN_SHARE = 0.03;
const STATES_OF_AGAIN = 5;
/** States in which renames may show both their names, which ordinary file systems do not do: for the record. */
const HALVES_SHARE = 0.02;
/** How long the machine is down. */
const BREAK_MS = 130_000;
const MOST_FAULTS = 20;

/** What happened on a disk, and what was told meanwhile, in order. */
interface Recording {
  readonly disk: Disk;
  readonly beganAt: number;
  readonly notes: readonly (readonly [at: number, note: Note])[];
  readonly aheadMs: number;
}

async function losePower({ directory, seed, rounds, say, keep }: TortureContext): Promise<TortureReport> {
  const faults: string[] = [];
  const stories: string[] = [];
  const known = new Set<string>();
  const counts = { recordings: 0, lostAgain: 0, withLitter: 0, renamesHalved: 0, violatedByHalves: 0 };
  const figures = { operations: 0, tasksAccepted: 0 };
  let directories = 0;
  const fresh = (): string => join(directory, `p${++directories}`);
  for (let scene = 0; known.size < rounds && faults.length < MOST_FAULTS; scene++) {
    const random = chance(seed * 1_000_003 + scene);
    await lookAt(await record(fresh(), random, playScene), random, `scene ${scene}`);
    counts.recordings += 1;
    if (scene % 20 === 19) say(`${known.size} states of ${scene + 1} recordings, ${faults.length} faults`);
  }
  if (faults.length > 0) faults.push(`kept as ${await keep("stories.txt", Buffer.from(stories.join("\n\n")))}`);
  return { faults, counts: { states: { different: known.size, ...counts } }, figures };

  async function lookAt(recording: Recording, random: () => number, name: string): Promise<void> {
    figures.operations += recording.disk.now() - recording.beganAt;
    for (let state = 0; state < STATES_OF_ONE && known.size < rounds; state++) {
      const isHalved = random() < HALVES_SHARE;
      const loss = lose(recording, random, isHalved);
      if (isHalved) {
        counts.renamesHalved += 1;
        if ((await recoverFrom(loss, fresh())).faults.length > 0) counts.violatedByHalves += 1;
      } else if (await judge(loss, name)) {
        figures.tasksAccepted += promisedBy(loss.told).accepted.size;
        if (random() < AGAIN_SHARE) await loseAgain(loss, random, name);
      }
    }
  }

  /** @returns false when the very same has been looked at before */
  async function judge(loss: Loss, name: string): Promise<boolean> {
    const print = `${fingerprintOf(loss.tree)} ${loss.told.length}`;
    if (known.has(print)) return false;
    known.add(print);
    const { faults: found, litter, story } = await recoverFrom(loss, fresh());
    if (litter > 0) counts.withLitter += 1;
    faults.push(...found.map((fault) => `${name}: ${fault}`));
    if (found.length > 0) stories.push(`${name}\n${story}`);
    return true;
  }

  /** The power goes while a daemon recovers from a loss of power. */
  async function loseAgain(loss: Loss, random: () => number, name: string): Promise<void> {
    const base = fresh();
    materialise(loss.tree, base);
    counts.lostAgain += 1;
    const recover = ({ system, note }: Scene): Promise<void> =>
      runSession(base, system, (event) => note({ kind: "logged", event }));
    const recording = await record(base, random, recover, { aheadMs: loss.aheadMs, boot: "second" });
    const notes = [...loss.told.map((note) => [0, note] as const), ...recording.notes];
    for (let state = 0; state < STATES_OF_AGAIN; state++)
      await judge(lose({ ...recording, notes }, random), `${name}, lost again`);
  }
}

function lose({ disk, beganAt, notes, aheadMs }: Recording, random: () => number, isHalved = false): Loss {
  const at = beganAt + Math.floor(random() * (disk.now() + 1 - beganAt));
  const told = notes.filter(([when]) => when <= at).map(([, note]) => note);
  return { tree: afterLoss(disk, at, fateOf(random, isHalved)), told, aheadMs: aheadMs + BREAK_MS, random };
}

async function record(
  base: string,
  random: () => number,
  play: (scene: Scene) => Promise<void>,
  { aheadMs: startMs = 0, boot = "first" } = {},
): Promise<Recording> {
  mkdirSync(base, { recursive: true });
  let aheadMs = startMs;
  const { disk, beganAt, system } = recordDisk(base, { boot, random, aheadMs: () => aheadMs });
  const notes: (readonly [number, Note])[] = [];
  const note = (told: Note): void => void notes.push([disk.tick(), told]);
  const pass = (ms: number): void => {
    aheadMs += ms;
  };
  await play({ base, system, random, note, pass });
  rmSync(base, { recursive: true, force: true, maxRetries: 3 });
  return { disk, beganAt, notes, aheadMs };
}
