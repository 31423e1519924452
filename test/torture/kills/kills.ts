import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Verdict } from "../checker/findings.ts";
import type { Limits } from "../checker/records.ts";
import { verify } from "../checker/verify.ts";
import type { Torture, TortureContext, TortureReport } from "../torture-context.ts";
import { type Battlefield, openBattlefield } from "./battlefield.ts";
import { type Kill, planKills, type Victims } from "./kills-plan.ts";

/** One run of kills on a spool of its own. */
export interface Campaign {
  readonly seed: number;
  /** How often the daemon is killed. */
  readonly rounds: number;
  readonly workers: number;
  readonly limits: Limits;
  /** After so many kills that leave no daemon the checker looks at the spool. */
  readonly checkEvery: number;
}

/** A daemon that is killed so often counts each attempt: what comes out must not depend on luck. */
const PATIENT: Limits = { maxAttempts: 100, maxCrashes: 100 };
/** As settings are by default. */
export const USUAL: Limits = { maxAttempts: 5, maxCrashes: 2 };
const USUAL_PART = 0.1;
const LONGEST_WAIT_MS = 250;
const SAY_EVERY = 100;
/** The only errors that good tasks may end with. */
const CRASHES: readonly string[] = ["failed WORKER_CRASHED", "failed DAEMON_CRASHED"];

/** Random kills of everybody. */
export const kills: Torture = {
  tells:
    "kills of the daemon, and half as many of a worker, a producer and all at once, under four producers and a reader",
  rounds: 1_000,
  async run(context) {
    const { seed, rounds } = context;
    const usual = Math.ceil(rounds * USUAL_PART);
    // With one worker a kill meets one run at most that is at its pixels: no more runs may be repeated than there are kills.
    const patient: Campaign = { seed, rounds: rounds - usual, workers: 1, limits: PATIENT, checkEvery: 10 };
    const reports: TortureReport[] = [];
    for (const campaign of [patient, { ...patient, seed: seed + 1, rounds: usual, workers: 2, limits: USUAL }])
      if (campaign.rounds > 0) reports.push(await wage(context, campaign));
    return {
      faults: reports.flatMap(({ faults }) => faults),
      counts: Object.assign({}, ...reports.map(({ counts }) => counts)),
      figures: Object.assign({}, ...reports.map(({ figures }) => figures)),
    };
  },
};

/** Kills, and looks what is left. */
export async function wage(context: TortureContext, campaign: Campaign): Promise<TortureReport> {
  const { limits, seed, workers } = campaign;
  const name = limits === USUAL ? "usual" : "patient";
  const directory = join(context.directory, name);
  await mkdir(directory);
  const backoff = ["--backoff", "100", "--backoff-max", "200", "--max-alike", "0"];
  const allowed = ["--max-attempts", String(limits.maxAttempts), "--max-crashes", String(limits.maxCrashes)];
  const field = await openBattlefield(directory, { seed, workers, settings: [...allowed, ...backoff] });
  try {
    const found = await fight(field, campaign, (text) => context.say(`${name}: ${text}`));
    const faults = [...found.faults, ...(found.isOver ? await field.end() : [])];
    const { violations, counts } = await verify({ ...field.evidence, limits, when: "atRest" });
    const { early, checks, delivered } = found;
    faults.push(...violations, ...endFaults(counts, delivered, campaign));
    return {
      faults,
      counts: { [`${name} kills`]: { ...delivered, early }, [`${name} checked`]: { ...counts, checks } },
      figures: { [`${name}RunsRepeated`]: repeated(counts), [`${name}KillsOfRuns`]: disturbing(delivered) },
    };
  } finally {
    await field.clear();
  }
}

interface Fought {
  readonly faults: readonly string[];
  /** Whether all were delivered; else a daemon did not come to work any more. */
  readonly isOver: boolean;
  readonly delivered: Readonly<Record<Victims, number>>;
  /** How many kills came while the daemon was being started. */
  readonly early: number;
  readonly checks: number;
}

async function fight(field: Battlefield, campaign: Campaign, say: (text: string) => void): Promise<Fought> {
  const { seed, rounds, limits, checkEvery } = campaign;
  const faults: string[] = [];
  const delivered: Record<Victims, number> = { daemon: 0, worker: 0, producer: 0, group: 0 };
  let [early, checks, deaths] = [0, 0, 0];
  await field.muster();
  for (const [index, kill] of planKills(seed, rounds).entries()) {
    if (!(await untilMoment(field, kill))) {
      faults.push(`before kill ${index}: the daemon did not come to work`);
      return { faults, isOver: false, delivered, early, checks };
    }
    if (field.ageMs() < field.usualStartMs()) early += 1;
    const trouble = await field.kill(kill.victims, kill.choice);
    if (trouble === null) delivered[kill.victims] += 1;
    else faults.push(`kill ${index}: ${trouble}`);
    const isDown = kill.victims === "daemon" || kill.victims === "group";
    if (isDown) deaths += 1;
    if (isDown && deaths % checkEvery === 0) {
      const { violations } = await verify({ ...field.evidence, limits, when: "midRun" });
      faults.push(...violations.map((violation) => `after kill ${index}: ${violation}`));
      checks += 1;
    }
    await field.muster();
    if ((index + 1) % SAY_EVERY === 0) say(`${index + 1} kills, ${faults.length} faults`);
  }
  return { faults, isOver: true, delivered, early, checks };
}

/** The random moment itself, and not a wait for a condition. @returns false when there is no work to be disturbed */
async function untilMoment(field: Battlefield, { victims, isEarly, moment }: Kill): Promise<boolean> {
  const start = field.usualStartMs();
  const isNow = isEarly && victims !== "worker" && field.ageMs() < start;
  // The group and the daemon are at work when they are killed, but for those that are killed early.
  if (!isNow && victims !== "producer" && !(await field.ready())) return false;
  await sleep(moment * (isNow ? start : LONGEST_WAIT_MS));
  return true;
}

function endFaults(
  counts: Verdict["counts"],
  delivered: Fought["delivered"],
  { limits, workers }: Campaign,
): readonly string[] {
  const faults: string[] = [];
  const failures = Object.keys(counts).filter((name) => name.startsWith("failed "));
  const others = failures.filter((name) => limits !== USUAL || !CRASHES.includes(name));
  if (others.length > 0) faults.push(`tasks have failed that ask for nothing wrong: ${others.join(", ")}`);
  const all = Object.values(delivered).reduce((sum, count) => sum + count, 0);
  // By chance a few kills may all hit several runs; many do not.
  const most = all >= MANY_KILLS ? all : disturbing(delivered) * workers * RUNS_IN_WORKER;
  if (repeated(counts) > most) faults.push(`${repeated(counts)} runs were repeated for ${all} kills`);
  const { handlerRunsRepeated = 0, handlerRunsUncounted = 0 } = counts;
  // Who dies in the moment in which a run begins forgives it; most die later.
  if (handlerRunsRepeated >= MANY_RUNS && handlerRunsUncounted > handlerRunsRepeated / 2)
    faults.push(`of ${handlerRunsRepeated} runs that came to nothing ${handlerRunsUncounted} did not count`);
  if ((counts["filesRead"] ?? 0) === 0 || (counts["setsRead"] ?? 0) === 0) faults.push("the reader has read nothing");
  return faults;
}

const MANY_KILLS = 100;
const MANY_RUNS = 20;
/** One at the pixels, and two whose files are being written. */
const RUNS_IN_WORKER = 3;

/** How many kills may have hit a run. */
function disturbing({ daemon, worker, group }: Fought["delivered"]): number {
  return daemon + worker + group;
}

/** Attempts that were counted and came to nothing, and runs of handlers that came to nothing and were not counted. */
function repeated({ attemptsRepeated = 0, handlerRunsUncounted = 0 }: Verdict["counts"]): number {
  return attemptsRepeated + handlerRunsUncounted;
}
