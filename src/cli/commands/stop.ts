import { setTimeout as sleep } from "node:timers/promises";
import { SpooldError } from "../../errors.ts";
import { askDaemon } from "../../spool/control.ts";
import { livingOwner } from "../../spool/daemon-lock.ts";
import { layoutOf, requireSpool } from "../../spool/layout.ts";
import { realSystem } from "../../system.ts";
import type { CommonOptions } from "../options.ts";
import { tell } from "../output.ts";

const ANSWER_MS = 2_000;
const LOOK_EVERY_MS = 50;

/** Asks the daemon to finish what runs, and waits until it has ended. No daemon is no error. */
export async function stop({ spool }: CommonOptions): Promise<number> {
  const system = realSystem();
  const layout = layoutOf(spool);
  await requireSpool(system, layout);
  const owner = await livingOwner(system, layout);
  if (owner === undefined) {
    tell(`spoold: no daemon runs on ${layout.root}`);
    return 0;
  }
  const answer = await askDaemon(system, layout, { ask: "stop" }, ANSWER_MS);
  if (answer === undefined || answer === "silent") {
    throw new SpooldError("SPOOL_LOCKED", { pid: owner.pid, since: owner.since, answer: "none" });
  }
  tell(`spoold: daemon ${owner.pid} finishes ${answer.running.length} running and ends`);
  while ((await livingOwner(system, layout))?.nonce === owner.nonce) await sleep(LOOK_EVERY_MS);
  return 0;
}
