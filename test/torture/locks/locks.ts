import { join } from "node:path";
import { chance } from "../../support/scenery/chance.ts";
import { programOf } from "../players.ts";
import type { Torture, TortureContext, TortureReport } from "../torture-context.ts";
import { type ContestEnd, runContest } from "./contest.ts";
import type { View } from "./delays.ts";
import type { LockName } from "./lock-kinds.ts";
import { stopDaemon } from "./stopped-daemon.ts";
import { type StopEnd, stopHolder } from "./stops.ts";

/** The daemon's lock, and bare proper-lockfile in the same hands: what cannot find its double holders proves nothing. */
export const locks: Torture = {
  tells: "contenders for the locks of dead and of stopped owners, with delays between the steps",
  rounds: 1_000,
  run: (context) => tortureLocks(context, { contenders: 16, stopMs: LONG_STOP_MS, daemons: 3 }),
};

interface Size {
  readonly contenders: number;
  readonly stopMs: number;
  /** How many real daemons are stopped. */
  readonly daemons: number;
  /** Which of the stops are tried; all unless told. */
  readonly stops?: readonly (readonly [LockName, View])[];
}

/** Longer than the heartbeat of an owner on another machine may stand still, which is the longest of all timers. */
const LONG_STOP_MS = 10_000;
const STOPS = [
  ["spoold", "beside"],
  ["spoold", "container"],
  ["spoold", "machine"],
  ["proper-lockfile", "beside"],
] as const;
/** The bare lock shows in few rounds what it is. */
const BARE_SHARE = 0.1;
/** Those who cannot see the owner's process ask it, and wait a second before they ask again. */
const ELSEWHERE_SHARE = 0.03;

/** The torture in any size. */
export async function tortureLocks(context: TortureContext, size: Size): Promise<TortureReport> {
  const { directory, seed, rounds, say } = context;
  const program = await programOf(new URL("./contender.ts", import.meta.url), directory);
  const contest = (name: string, kind: LockName, share: number, views: readonly View[]): Promise<ContestEnd> => {
    const place = { directory: join(directory, name), program, contenders: size.contenders };
    return runContest({ ...place, kind, rounds: Math.max(3, Math.round(rounds * share)), seed, views });
  };
  say("takeovers of dead owners");
  const own = await contest("own", "spoold", 1, ["beside"]);
  say("the same, seen from other containers too");
  const elsewhere = await contest("elsewhere", "spoold", ELSEWHERE_SHARE, ["beside", "container"]);
  say("the same on bare proper-lockfile");
  const bare = await contest("bare", "proper-lockfile", BARE_SHARE, ["beside"]);
  say("stopped holders");
  const stops = await Promise.all(
    (size.stops ?? STOPS).map(async ([kind, view]) => {
      const place = { directory: join(directory, `stop-${kind}-${view}`), program };
      return {
        kind,
        view,
        end: await stopHolder({ ...place, kind, view, seed, stopMs: size.stopMs, staysHeld: staysHeld(kind, view) }),
      };
    }),
  );
  const daemons: string[] = [];
  for (let daemon = 0; daemon < size.daemons; daemon++) {
    say(`daemon ${daemon + 1} is stopped`);
    const random = chance(seed + daemon);
    const moment = { receipts: 5 + Math.floor(20 * random()), ms: 50 * random() };
    daemons.push(...(await stopDaemon(join(directory, `daemon-${daemon}`), moment)));
  }
  const faults = [
    ...daemons,
    ...faultsOf("beside", own),
    ...faultsOf("elsewhere", elsewhere),
    ...(bare.doubles.length > 0 ? [] : ["bare proper-lockfile showed no double holder: this harness proves nothing"]),
    ...stops.flatMap(({ kind, view, end }) => stopFaults(kind, view, end)),
  ];
  const taken = Object.fromEntries(stops.map(({ kind, view, end }) => [`${kind} ${view}`, end.taken]));
  return {
    faults: faults.slice(0, 50),
    counts: {
      killed: { recorded: own.killed.recorded + elsewhere.killed.recorded, holders: own.killed.holders },
      takeovers: { spoold: own.takings + elsewhere.takings, "proper-lockfile": bare.takings },
      doubles: { spoold: own.doubles.length + elsewhere.doubles.length, "proper-lockfile": bare.doubles.length },
      doublesAfterStop: Object.fromEntries(stops.map(({ kind, view, end }) => [`${kind} ${view}`, end.doubles.length])),
      takenWhileStopped: taken,
      stopped: { holders: stops.length, daemons: size.daemons },
    },
    figures: { acts: own.asked + elsewhere.asked, longestTakeoverMs: Math.round(own.longestMs) },
  };
}

function faultsOf(where: string, { doubles, lost, stuck, takings, killed }: ContestEnd): string[] {
  const missed = takings - killed.recorded - killed.holders;
  return [
    ...doubles.map((double) => `${where}: two held at once: ${double}`),
    ...lost.map((hold) => `${where}: ${hold} lived and lost the lock`),
    ...(stuck > 0 ? [`${where}: nobody took the lock of a dead owner`] : []),
    // The last holder of all may have been killed with nobody to take over from it.
    ...(missed < -1 || missed > 0
      ? [`${where}: ${takings} takeovers, but ${killed.recorded + killed.holders} deaths`]
      : []),
  ];
}

/**
 * Who sees the process sees that it lives, and another container finds that somebody accepts at its socket; to another
 * machine it is dead when its heart has stood still for long.
 */
function staysHeld(kind: LockName, view: View): boolean {
  return kind === "spoold" && view !== "machine";
}

function stopFaults(kind: LockName, view: View, end: StopEnd): string[] {
  const name = `${kind}, seen from ${view}`;
  const undelivered = [
    ...(end.wasStopped ? [] : [`${name}: the holder was not stopped`]),
    ...(end.askedAfter > 0 ? [] : [`${name}: the holder did not go on`]),
  ];
  if (kind === "proper-lockfile")
    return [
      ...undelivered,
      ...(end.doubles.length > 0 ? [] : [`${name}: no double holder after a stop: proves nothing`]),
    ];
  const isTaken = !staysHeld(kind, view);
  return [
    ...undelivered,
    ...end.doubles.map((double) => `${name}: two held at once: ${double}`),
    ...(end.taken === (isTaken ? 1 : 0) ? [] : [`${name}: ${end.taken} took the lock of a stopped holder`]),
    ...(end.knewLoss === isTaken
      ? []
      : [`${name}: the stopped holder ${isTaken ? "did not see its loss" : "lost it"}`]),
  ];
}
