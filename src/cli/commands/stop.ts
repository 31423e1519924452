import { setTimeout as sleep } from "node:timers/promises";
import { SpooldError } from "../../errors.ts";
import { askDaemon, type DaemonStatus } from "../../spool/control.ts";
import { livingOwner } from "../../spool/daemon-lock.ts";
import { type Layout, layoutOf, requireSpool } from "../../spool/layout.ts";
import type { Owner } from "../../spool/owner.ts";
import { realSystem, type System } from "../../system.ts";
import type { CommonOptions } from "../options.ts";
import { tell } from "../output.ts";

const ANSWER_MS = 2_000;
/** How long a daemon may take to be heard of while it starts or ends. */
const UNHEARD_MS = 3_000;
const LOOK_EVERY_MS = 50;

/** Asks the daemon to finish what runs, and waits until the next one may start. No daemon is no error. */
export async function stop({ spool }: CommonOptions): Promise<number> {
  const system = realSystem();
  const layout = layoutOf(spool);
  await requireSpool(system, layout);
  const owner = await livingOwner(system, layout);
  if (owner === undefined) {
    tell(`spoold: no daemon runs on ${layout.root}`);
    return 0;
  }
  const answer = await askToStop(system, layout, owner);
  if (answer !== undefined) tell(`spoold: daemon ${owner.pid} finishes ${answer.running.length} running and ends`);
  while ((await livingOwner(system, layout))?.nonce === owner.nonce) await sleep(LOOK_EVERY_MS);
  return 0;
}

/**
 * Asks until it is heard: a daemon that is just starting does not listen yet, one that is just ending hangs up.
 * @returns what the daemon answers, or undefined when it has ended meanwhile
 */
async function askToStop(system: System, layout: Layout, owner: Owner): Promise<DaemonStatus | undefined> {
  for (const giveUpAtMs = system.monotonicMs() + UNHEARD_MS; ; await sleep(LOOK_EVERY_MS)) {
    const answer = await askDaemon(system, layout, { ask: "stop" }, ANSWER_MS);
    if (typeof answer === "object") return answer;
    if ((await livingOwner(system, layout))?.nonce !== owner.nonce) return undefined;
    if (system.monotonicMs() > giveUpAtMs) {
      throw new SpooldError("SPOOL_LOCKED", { pid: owner.pid, since: owner.since, answer: "none" });
    }
  }
}
