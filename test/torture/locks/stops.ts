/** A holder that is stopped for longer than any timer, and then goes on. */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { endPlayers, type Message, type Player, startPlayer } from "../players.ts";
import type { View } from "./delays.ts";
import { LOCK_KINDS, type LockName } from "./lock-kinds.ts";
import { openWitness, type Testimony, testimonyIn } from "./witness.ts";

export interface Stop {
  readonly kind: LockName;
  /** Does not exist yet. */
  readonly directory: string;
  /** The program of `contender.ts`. */
  readonly program: string;
  readonly seed: number;
  /** From where the others look at the holder. */
  readonly view: View;
  readonly stopMs: number;
  /** Whether nobody is to get the lock, however long the holder is stopped. */
  readonly staysHeld: boolean;
}

export interface StopEnd extends Testimony {
  /** Whether the process did stand still. */
  readonly wasStopped: boolean;
  /** How many of the others got the lock meanwhile. */
  readonly taken: number;
  /** Whether the holder knew, when it went on, that it holds no more. */
  readonly knewLoss: boolean;
  /** How often it asked after it went on. */
  readonly askedAfter: number;
}

const RIVALS = 3;
/** How often the holder asks when it goes on, or finds that it has lost the lock, and how long that may take. */
const ASKS = 20;
const AFTER_MS = 5_000;
const PATIENCE_MS = 20_000;

/** One holder is stopped while others want its lock. */
export async function stopHolder({ kind, directory, program, seed, view, stopMs, staysHeld }: Stop): Promise<StopEnd> {
  await LOCK_KINDS[kind].prepare(directory);
  const witness = `${directory}.witness`;
  openWitness(witness).close();
  const start = (name: string, from: View, at: number): Player =>
    startPlayer(program, [kind, directory, witness, `${view}-${name}`, `${seed + at}`, from]);
  const holder = start("holder", "beside", 0);
  const rivals = Array.from({ length: RIVALS }, (_, at) => start(`rival${at}`, view, at + 1));
  try {
    await Promise.all([holder, ...rivals].map((player) => player.next()));
    holder.tell({ order: "contend" });
    await holder.next();
    await sleep(50);
    holder.child.kill("SIGSTOP");
    const wasStopped = await standsStill(holder.child.pid ?? 0);
    const answers = rivals.map((rival) => ask(rival));
    await sleep(stopMs);
    // Somebody will take it, where that is the lock's way; on a busy machine a little later.
    if (!staysHeld) await Promise.race([Promise.any(answers), sleep(PATIENCE_MS)]);
    const name = `${view}-holder`;
    const before = testimonyIn(witness, ({ hold }) => hold.startsWith(name)).asked;
    holder.child.kill("SIGCONT");
    const hasShown = ({ asked, lost }: Testimony): boolean => lost.length > 0 || asked >= before + ASKS;
    for (const untilMs = performance.now() + AFTER_MS; performance.now() < untilMs; await sleep(20))
      if (hasShown(testimonyIn(witness, ({ hold }) => hold.startsWith(name)))) break;
    for (const player of rivals) player.tell({ order: "over" });
    const taken = (await Promise.all(answers)).filter((answer) => answer["kind"] === "took").length;
    for (const player of [holder, ...rivals]) player.tell({ order: "letGo" });
    await sleep(50);
    const { asked, lost } = testimonyIn(witness, ({ hold }) => hold.startsWith(name));
    return { ...testimonyIn(witness), wasStopped, taken, knewLoss: lost.length > 0, askedAfter: asked - before };
  } finally {
    await endPlayers([holder, ...rivals]);
  }
}

async function ask(rival: Player): Promise<Message> {
  rival.tell({ order: "contend" });
  return rival.next();
}

/** Whether a process comes to a stop soon. */
export async function standsStill(pid: number): Promise<boolean> {
  for (const untilMs = performance.now() + 1_000; performance.now() < untilMs; await sleep(2))
    if (/\) T /.test(await readFile(`/proc/${pid}/stat`, "utf8"))) return true;
  return false;
}
