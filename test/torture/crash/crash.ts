import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { chance } from "../../support/scenery/chance.ts";
import { formsOf } from "../strace/calls.ts";
import { type TracedEnd, untraceable } from "../strace/traced.ts";
import type { Torture, TortureContext, TortureReport } from "../torture-context.ts";
import { faultsAtRest, faultsMidRun, type Pictures, picturesIn } from "./judge.ts";
import { clear, keepAsTemplate, type Lane, openLane, placed, placeless, restore } from "./lane.ts";
import { kindOf, type Strike, strikesAt, type Target, textOf } from "./plan.ts";
import type { Expected, Scene } from "./scene.ts";
import { SCENES } from "./scenes.ts";

/** Of each scene, in all seeds but the first, so many calls are met. */
const SPREAD = 36;
/** A call that was not made where it was expected is tried again. */
const TRIES = 3;
const MORE_TRIES = 4;

/** Kills at each call by which a producer, a daemon or a worker changes the file system. */
export const crash: Torture = {
  tells: "kills at each system call of commit, intake, claim, publication, receipt and start-up",
  rounds: 5,
  run: (context) =>
    torment(context, SCENES, { isFullAtFirst: true, most: SPREAD, lanes: Math.max(2, availableParallelism()) }),
};

/** How much is done. */
export interface Extent {
  /** Whether each call is met in the first round. */
  readonly isFullAtFirst: boolean;
  /** Kills in each scene of the other rounds. */
  readonly most: number;
  /** How many scenes are played at once. */
  readonly lanes: number;
  /** Only calls are met whose kind it matches: to look at one place alone. */
  readonly only?: RegExp;
}

/** Plays scenes in each round with another seed, and kills in each of them. */
export async function torment(
  context: TortureContext,
  scenes: readonly Scene[],
  extent: Extent,
): Promise<TortureReport> {
  const missing = untraceable();
  if (missing !== undefined) return { faults: [missing], counts: {}, figures: {} };
  const tally = newTally();
  const lanes: Lane[] = [];
  for (let index = 0; index < extent.lanes; index++) lanes.push(await openLane(context.directory, `lane${index}`));
  for (let round = 0; round < context.rounds; round++)
    for (const scene of scenes) {
      const isFull = round === 0 && extent.isFullAtFirst;
      const part = { scene, seed: context.seed + round, isFull, most: extent.most, only: extent.only ?? /^/ };
      await playScene(lanes, part, tally);
      context.say(`seed ${part.seed}, ${scene.name}: ${tally.kills} kills so far, ${tally.faults.length} faults`);
    }
  return reportOf(tally);
}

interface Part {
  readonly scene: Scene;
  readonly seed: number;
  readonly isFull: boolean;
  readonly most: number;
  readonly only: RegExp;
}

interface Tally {
  readonly faults: string[];
  kills: number;
  retries: number;
  readonly places: Set<string>;
  readonly kinds: Set<string>;
  readonly byScene: Record<string, number>;
  readonly byCall: Record<string, number>;
}

function newTally(): Tally {
  return { faults: [], kills: 0, retries: 0, places: new Set(), kinds: new Set(), byScene: {}, byCall: {} };
}

function reportOf({ faults, kills, retries, places, kinds, byScene, byCall }: Tally): TortureReport {
  return {
    faults: faults.slice(0, 50),
    counts: { killsByScene: byScene, killsByCall: byCall },
    figures: { kills, points: places.size, kindsOfPoints: kinds.size, retries, faults: faults.length },
  };
}

/** How a lane looks before and after a run of the scene that nobody hurts. */
interface Stage {
  readonly lane: Lane;
  readonly expected: Expected;
  readonly before: Pictures;
  readonly after: Pictures;
  /** The calls that were seen in this lane: what comes together by chance may be another in the next one. */
  readonly addresses: ReadonlyMap<string, Target>;
}

async function playScene(lanes: readonly Lane[], part: Part, tally: Tally): Promise<void> {
  const { scene, seed, isFull, most, only } = part;
  const found = new Map<string, Target>();
  const stages = await Promise.all(lanes.map((lane) => rehearse(lane, part, tally)));
  for (const { addresses } of stages) for (const [text, address] of addresses) found.set(text, address);
  const targets = [...found.values()].filter(({ kind }) => only.test(kind));
  const strikes = [...strikesAt(targets, { isFull, most, random: chance(seed) })];
  await Promise.all(
    stages.map(async (stage) => {
      const isHere = ({ address }: Strike): boolean => stage.addresses.has(textOf(address));
      for (let next = strikes.findIndex(isHere); next >= 0; next = strikes.findIndex(isHere)) {
        const [strike] = strikes.splice(next, 1) as [Strike];
        const faults = await meet(stage, part, strike, tally);
        const where = `${scene.name}, seed ${seed}, ${strike.when} ${textOf(strike.address)}`;
        tally.faults.push(...faults.map((fault) => `${where}: ${fault}`));
      }
    }),
  );
}

/** Prepares a lane, and plays the scene once with no kill: that tells which calls there are, and what must come of it. */
async function rehearse(lane: Lane, { scene, seed }: Part, tally: Tally): Promise<Stage> {
  await clear(lane);
  const expected = await scene.prepare(lane, seed);
  await keepAsTemplate(lane);
  await restore(lane);
  const before = await picturesIn(lane);
  const memory = new Map<string, string>();
  const end = await scene.play(lane, seed);
  await scene.note?.(lane, end);
  const addresses = new Map<string, Target>();
  for (const seen of end.calls.filter(({ errno }) => errno === undefined)) {
    const { call, path, tail, nth, paths } = seen;
    const address = await placeless(lane, { call, path, nth, ...(tail !== undefined && { tail }) });
    const about = relative(lane.work, paths[0] ?? "");
    // What keeps the heart beating comes as often as time passes.
    const isBeat = call === "utimensat" && nth > 1;
    if (address === undefined || about.startsWith("..") || isBeat) continue;
    addresses.set(textOf(address), { ...address, kind: kindOf(call, about) });
  }
  const { expected: final, faults } = await scene.goOn(lane, expected, end);
  const after = await picturesIn(lane);
  const all = [...faults, ...(await faultsAtRest(lane, { expected: final, after, memory }))];
  if (end.exit !== 0 && end.exit !== 1) all.push(`it ended with ${end.exit}: ${end.stderr}`);
  tally.faults.push(...all.map((fault) => `${scene.name}, seed ${seed}, unhurt: ${fault}`));
  return { lane, expected, before, after, addresses };
}

/** Kills the victim at one call, lets others go on, and looks before and after. @returns what was broken */
async function meet(stage: Stage, part: Part, { address, when }: Strike, tally: Tally): Promise<string[]> {
  for (const target of triesFor(address, stage.addresses)) {
    await restore(stage.lane);
    const { call, nth, ...place } = await placed(stage.lane, target);
    const aim = { call, paths: formsOf(place), nth, blow: { kind: "kill", when } } as const;
    const end = await part.scene.play(stage.lane, part.seed, aim);
    if (end.isHung) return ["it did not end"];
    if (end.hits > 0) {
      noteKill(tally, part.scene, target);
      return faultsAfter(stage, part.scene, end);
    }
    tally.retries += 1;
  }
  return ["the kill was not delivered"];
}

/** What comes together by chance may get the name of another temporary: then another call of the kind does as well. */
function triesFor(address: Target, known: ReadonlyMap<string, Target>): readonly Target[] {
  const others = [...known.values()].filter(({ kind, path }) => kind === address.kind && path !== address.path);
  return [...Array.from({ length: TRIES }, () => address), ...others.slice(0, MORE_TRIES)];
}

async function faultsAfter({ lane, ...stage }: Stage, scene: Scene, end: TracedEnd): Promise<string[]> {
  const { expected, before, after } = stage;
  await scene.note?.(lane, end);
  const memory = new Map<string, string>();
  const isWhole = scene.victim !== "worker";
  const midRun = isWhole ? await faultsMidRun(lane, { before, after, memory }) : [];
  const { expected: final, faults } = await scene.goOn(lane, expected, end);
  return [...midRun, ...faults, ...(await faultsAtRest(lane, { expected: final, after, memory }))];
}

function noteKill(tally: Tally, { name, victim }: Scene, address: Target): void {
  tally.kills += 1;
  tally.places.add(`${name} ${textOf(address)}`);
  tally.kinds.add(`${victim} ${address.kind}`);
  tally.byScene[name] = (tally.byScene[name] ?? 0) + 1;
  tally.byCall[address.call] = (tally.byCall[address.call] ?? 0) + 1;
}
