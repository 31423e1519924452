import { setTimeout as sleep } from "node:timers/promises";
import { askDaemon, type DaemonStatus } from "../../../src/spool/control.ts";
import { layoutOf } from "../../../src/spool/layout.ts";
import { realSystem } from "../../../src/system.ts";

/** Waits until a condition holds. @returns false when it does not in time */
export async function within(ms: number, condition: () => boolean | Promise<boolean>): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(10)) if (await condition()) return true;
  return condition();
}

/** What the daemon of a spool says of itself; undefined when it does not answer. */
export async function statusOf(spool: string): Promise<DaemonStatus | undefined> {
  const status = await askDaemon(realSystem(), layoutOf(spool), { ask: "status" }, 2_000).catch(() => undefined);
  return typeof status === "object" ? status : undefined;
}
