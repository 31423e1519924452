/**
 * A daemon's hold on a spool in a process of its own. Argument: spool directory. Does what it is told by message:
 * acquire, isHeld, release, exit; answers each one, and says `lost` when the lock is lost.
 */
import { SpooldError } from "../../src/errors.ts";
import { acquireDaemonLock, type DaemonLock } from "../../src/spool/daemon-lock.ts";
import { layoutOf } from "../../src/spool/layout.ts";
import { realSystem } from "../../src/system.ts";

const layout = layoutOf(process.argv[2] ?? "");
const send = (message: object): void => void process.send?.(message);
let lock: DaemonLock | undefined;

async function acquire(): Promise<void> {
  try {
    lock = await acquireDaemonLock(realSystem(), layout, () => send({ kind: "lost" }));
    send({ kind: "won", generation: lock.owner.generation, since: lock.owner.since });
  } catch (error) {
    if (!(error instanceof SpooldError)) throw error;
    send({ kind: "refused", code: error.code, facts: error.facts });
  }
}

async function obey(order: string): Promise<void> {
  if (order === "acquire") return acquire();
  if (order === "isHeld") return send({ kind: "isHeld", held: await lock?.isHeld() });
  if (order === "exit") process.exit(0);
  await lock?.release();
  send({ kind: "released" });
}

process.on("message", (message) => void obey((message as { order: string }).order));
send({ kind: "ready" });
