/** The add lock when the clock jumps: a living holder keeps it, and that of a dead one is had soon. */
import { setTimeout as sleep } from "node:timers/promises";
import { endPlayers, type Player, startPlayer } from "../players.ts";
import type { WallClock } from "./wall-clock.ts";

interface Holding {
  readonly askedMs: number;
  readonly hadMs: number;
  readonly leftMs: number;
}

const HOLD_MS = 1_300;
/** Nobody waits longer for a dead holder; and what a busy machine may add. */
const DELAY_MS = 2_000;
const SLACK_MS = 500;

/** One holder lives through a jump, and one dies before it. @returns faults, and how long the lock of the dead was waited for */
export async function jumpOverAddLock(
  spool: string,
  {
    program,
    clock,
    fromMs,
    toMs,
  }: { readonly program: string; readonly clock: WallClock; readonly fromMs: number; readonly toMs: number },
): Promise<{ faults: string[]; waitedMs: number }> {
  const players: Player[] = [];
  const start = async (): Promise<Player> => {
    const player = startPlayer(program, [spool, "hold", String(HOLD_MS)], clock.env);
    players.push(player);
    await player.next();
    return player;
  };
  try {
    clock.set(fromMs);
    const [first, second, third] = [await start(), await start(), await start()];
    first.tell({ order: "hold" });
    await first.next();
    second.tell({ order: "hold" });
    await sleep(100);
    clock.set(toMs);
    const [one] = await Promise.all([first.next(), second.next()]);
    const other = await second.next();
    const [living, follower] = [one, other] as unknown as [Holding, Holding];
    const faults =
      follower.hadMs < living.leftMs ? [`the add lock of a living holder was taken, ${toMs - fromMs} ms off`] : [];
    clock.set(fromMs);
    second.tell({ order: "hold" });
    await second.next();
    await endPlayers([second]);
    clock.set(toMs);
    third.tell({ order: "hold" });
    await third.next();
    const { askedMs, hadMs } = (await third.next()) as unknown as Holding;
    const waitedMs = hadMs - askedMs;
    if (waitedMs > DELAY_MS + SLACK_MS) faults.push(`the add lock of a dead holder was waited for ${waitedMs} ms`);
    return { faults, waitedMs };
  } finally {
    await endPlayers(players);
  }
}
