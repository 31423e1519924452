import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createSpool, layoutOf } from "../../../src/spool/layout.ts";
import { realSystem } from "../../../src/system.ts";
import { endPlayers, type Player, programOf, startPlayer } from "../players.ts";
import type { Torture, TortureContext, TortureReport } from "../torture-context.ts";
import { type Ledger, orderFaults, readLedger, waitsIn } from "./ledger.ts";

/** Producers that die while they hold the add lock. */
export const addlock: Torture = {
  tells: "producers at once, some of which are killed while they hold the add lock; rounds are tasks of each",
  rounds: 500,
  run: (context) => tortureAddLock(context, { producers: 16, deaths: Math.ceil(context.rounds / 10) }),
};

interface Size {
  readonly producers: number;
  /** How many holders die. */
  readonly deaths: number;
}

/** What one death may cost those that wait; the DESIGN's figure. */
const DELAY_MS = 2_000;

/** The torture in any size. */
export async function tortureAddLock(context: TortureContext, size: Size): Promise<TortureReport> {
  const { directory, rounds, say } = context;
  const program = await programOf(new URL("./producer.ts", import.meta.url), directory);
  say("nobody dies");
  const calm = await enqueueAll(
    join(directory, "calm"),
    { ...context, program, rounds: Math.ceil(rounds / 5) },
    { ...size, deaths: 0 },
  );
  say("holders die");
  const wild = await enqueueAll(join(directory, "wild"), { ...context, program }, size);
  const needMs = Math.max(...waitsIn(calm.ledger, DELAY_MS).map(({ ms }) => ms));
  const waits = waitsIn(wild.ledger, DELAY_MS);
  const tooLong = waits.filter(({ ms, deaths }) => ms > needMs + Math.max(1, deaths) * DELAY_MS);
  const died = wild.ledger.deathsMs.length;
  return {
    faults: [
      ...calm.faults,
      ...wild.faults,
      ...(died === size.deaths ? [] : [`${died} holders died, not ${size.deaths}`]),
      ...tooLong.slice(0, 10).map(({ ms, deaths }) => `a producer waited ${ms} ms, over ${deaths} deaths`),
    ].slice(0, 50),
    counts: {
      killed: { holders: died },
      tasks: { accepted: wild.ledger.accepted.length + calm.ledger.accepted.length, unannounced: wild.unannounced },
      appeared: { afterHigher: wild.ledger.late },
      waits: {
        overTwoSeconds: waits.filter(({ ms }) => ms > DELAY_MS).length,
        delayed: waits.filter(({ deaths }) => deaths > 0).length,
      },
    },
    figures: {
      longestCalmMs: Math.round(needMs),
      longestOverOneDeathMs: Math.round(Math.max(0, ...waits.filter(({ deaths }) => deaths === 1).map(({ ms }) => ms))),
      longestMs: Math.round(Math.max(...waits.map(({ ms }) => ms))),
    },
  };
}

interface Run {
  readonly ledger: Ledger;
  readonly faults: readonly string[];
  /** Tasks whose producer died before it was told their number. */
  readonly unannounced: number;
}

interface Place extends Pick<TortureContext, "seed" | "rounds"> {
  readonly program: string;
}

async function enqueueAll(
  directory: string,
  { program, seed, rounds }: Place,
  { producers, deaths }: Size,
): Promise<Run> {
  await createSpool(realSystem(), layoutOf(directory));
  const ledger = `${directory}.ledger`;
  const players = new Set<Player>();
  const start = async (name: string, { first, at }: { first: number; at: number }, dies: number): Promise<Player> => {
    const args = [directory, ledger, name, `${seed + at * 1_000 + first}`, `${first}`, `${rounds - first}`, `${dies}`];
    const player = startPlayer(program, args);
    players.add(player);
    await player.next();
    return player;
  };
  /** Where the producers die in turn: evenly spread, so that few calls meet two deaths. */
  const plan = Array.from({ length: deaths }, (_, death) => Math.floor(((death + 0.5) / deaths) * rounds));
  const live = async (at: number, player: Player, deathsLeft: readonly number[]): Promise<void> => {
    player.tell({ order: "go" });
    const end = await player.ended;
    const [death, ...later] = deathsLeft;
    if (end !== "SIGKILL" || death === undefined) return;
    // What it was at is lost to nobody: it had not been told a number.
    const first = death + GROUP;
    if (first < rounds) await live(at, await start(`${at}`, { first, at }, later[0] ?? -1), later);
  };
  try {
    const mine = (at: number): number[] => plan.filter((_, death) => death % producers === at);
    const all = Array.from({ length: producers }, (_, at) => start(`${at}`, { first: 0, at }, mine(at)[0] ?? -1));
    const started = await Promise.all(all);
    await Promise.all(started.map((player, at) => live(at, player, mine(at))));
  } finally {
    await endPlayers([...players]);
  }
  return judge(directory, readLedger(ledger));
}

/** No group is larger. */
const GROUP = 3;

async function judge(directory: string, ledger: Ledger): Promise<Run> {
  const { accepted, deathsMs } = ledger;
  const faults: string[] = [];
  const numbers = new Set(accepted.map(({ number }) => number));
  if (numbers.size < accepted.length) faults.push(`${accepted.length - numbers.size} numbers were given twice`);
  const lying = new Set(await readdir(join(directory, "tasks")));
  for (const { number, id } of accepted) {
    if (!lying.has(`${number}.json`)) faults.push(`task ${number} was accepted and is lost`);
    else if (!(await readFile(join(directory, "tasks", `${number}.json`), "utf8")).includes(`"${id}"`))
      faults.push(`task ${number} is not what its producer was told`);
  }
  const unannounced = lying.size - numbers.size;
  if (unannounced > deathsMs.length * GROUP) faults.push(`${unannounced} tasks that nobody was told of`);
  return { ledger, faults: [...faults, ...orderFaults(accepted)], unannounced };
}
