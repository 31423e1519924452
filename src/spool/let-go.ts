/** What commands that move tasks have to say to a running daemon. */
import { setTimeout as sleep } from "node:timers/promises";
import { SpooldError } from "../errors.ts";
import type { System } from "../system.ts";
import { askDaemon } from "./control.ts";
import type { Layout } from "./layout.ts";

/** How long a daemon may take to answer. */
const ANSWER_MS = 2_000;
/** How long it may take to bring an attempt to its end whose files are being written already. */
const LET_GO_MS = 30_000;
const ASK_EVERY_MS = 20;

/** Tells the daemon to look at the spool now. That none runs, or that it does not answer, is no error. */
export async function ringDaemon(system: System, layout: Layout): Promise<void> {
  // A hint only: it looks by itself too.
  await askDaemon(system, layout, { ask: "look" }, ANSWER_MS).catch(() => undefined);
}

/**
 * Waits until no daemon is at work on a task whose file was taken out of `active/`: it has killed the worker and removed
 * its temporaries, or it was just publishing and has written the receipt.
 * @throws DAEMON_SILENT when that cannot be known
 */
export async function untilLetGo(system: System, layout: Layout, number: number): Promise<void> {
  const giveUpAtMs = system.monotonicMs() + LET_GO_MS;
  for (let ask: "look" | "status" = "look"; ; ask = "status") {
    const answer = await askDaemon(system, layout, { ask }, ANSWER_MS);
    if (answer === undefined) return;
    if (answer !== "silent" && !answer.running.some((running) => running.number === number)) return;
    if (answer === "silent" || system.monotonicMs() > giveUpAtMs) {
      throw new SpooldError("DAEMON_SILENT", { number, state: "held" });
    }
    await sleep(ASK_EVERY_MS);
  }
}
