/** Contenders that want the lock of a dead owner, round after round. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { chance } from "../../support/scenery/chance.ts";
import { endPlayers, type Message, type Player, startPlayer } from "../players.ts";
import type { View } from "./delays.ts";
import { LOCK_KINDS, type LockName } from "./lock-kinds.ts";
import { openWitness, type Testimony, testimonyIn } from "./witness.ts";

export interface Contest {
  readonly kind: LockName;
  /** Does not exist yet. */
  readonly directory: string;
  /** The program of `contender.ts`. */
  readonly program: string;
  readonly contenders: number;
  readonly rounds: number;
  readonly seed: number;
  /** From where the contenders look at the owner, in turn. */
  readonly views: readonly View[];
}

export interface ContestEnd extends Testimony {
  /** Owners that were killed while they held the lock, by what they were. */
  readonly killed: { readonly recorded: number; readonly holders: number };
  /** Rounds in which nobody got the lock of the dead. */
  readonly stuck: number;
  /** The longest time from the death of an owner until somebody had its lock. */
  readonly longestMs: number;
}

/** A holder is killed in every so manyeth round; starting another process in its place takes time. */
const KILL_EVERY = 20;
/** How long the others go on trying when one has got the lock. */
const HOLD_MS = 25;
/** How long the lock of a dead owner may be left lying. */
const PATIENCE_MS = 20_000;

/** Each round begins with an owner that is killed, and ends when one contender had its lock for a while. */
export async function runContest(contest: Contest): Promise<ContestEnd> {
  const { kind, directory, rounds, seed } = contest;
  const lock = LOCK_KINDS[kind];
  const random = chance(seed);
  await lock.prepare(directory);
  const witnessFile = `${directory}.witness`;
  const witness = openWitness(witnessFile);
  const players = await Promise.all(Array.from({ length: contest.contenders }, (_, at) => start(at, 0)));
  const killed = { recorded: 0, holders: 0 };
  let [stuck, longestMs, isOwnerDead] = [0, 0, false];
  try {
    for (let round = 0; round < rounds && stuck === 0; round++) {
      const victim = isOwnerDead ? undefined : await leaveLock();
      const isLate = random() < 0.5;
      if (!isLate) await kill(victim);
      const beganMs = performance.now();
      const answers = players.map((player) => tell(player, "contend"));
      if (isLate) await sleep(10 * random()).then(() => kill(victim));
      const first = Promise.any(answers.map(async (answer) => isTaker(await answer) || Promise.reject(new Error())));
      if ((await Promise.race([first, sleep(PATIENCE_MS)])) === true) {
        longestMs = Math.max(longestMs, performance.now() - beganMs);
        await sleep(HOLD_MS);
      } else stuck += 1;
      for (const player of players) player.tell({ order: "over" });
      const told = await Promise.all(answers);
      isOwnerDead = round % KILL_EVERY === KILL_EVERY - 1 && told.some(isTaker);
      for (const [at, answer] of told.entries()) if (isTaker(answer)) await end(at, String(answer["id"]), isOwnerDead);
    }
  } finally {
    await endPlayers(players);
    witness.close();
  }
  return { ...testimonyIn(witnessFile), killed, stuck, longestMs };

  async function start(at: number, life: number): Promise<Player> {
    const view = contest.views[at % contest.views.length] ?? "beside";
    const name = `${kind}-${at}-${life}`;
    const player = startPlayer(contest.program, [
      kind,
      directory,
      witnessFile,
      name,
      `${seed + at + 1_000 * life}`,
      view,
    ]);
    await player.next();
    return player;
  }

  /** A process that does nothing else takes the lock, as far as anybody can see. */
  async function leaveLock(): Promise<number> {
    const child = spawn("sleep", ["1000"], { stdio: "ignore" });
    await once(child, "spawn");
    victims.set(child.pid ?? 0, once(child, "exit"));
    await lock.leaveTo(directory, child.pid ?? 0);
    return child.pid ?? 0;
  }

  async function kill(pid: number | undefined): Promise<void> {
    if (pid !== undefined) {
      process.kill(pid, "SIGKILL");
      await victims.get(pid);
      victims.delete(pid);
      killed.recorded += 1;
    }
    await lock.age(directory);
  }

  async function end(at: number, hold: string, isKilled: boolean): Promise<void> {
    const player = players[at] as Player;
    if (!isKilled) {
      player.tell({ order: "letGo" });
      while ((await player.next())["kind"] !== "letGo");
      return;
    }
    await endPlayers([player]);
    witness.note(hold, "killed");
    killed.holders += 1;
    players[at] = await start(at, killed.holders);
  }
}

const victims = new Map<number, Promise<unknown>>();

async function tell(player: Player, order: string): Promise<Message> {
  player.tell({ order });
  return player.next();
}

function isTaker(answer: Message): boolean {
  return answer["kind"] === "took";
}
