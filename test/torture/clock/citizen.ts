/**
 * A process under a clock that jumps. Arguments: spool, what to do. Tells the monotonic time, which all share, in ms.
 *   hold MS   takes the add lock and keeps it for so long; tells when it had it and when it lets go
 *   enqueue   enqueues each task that it is told, and tells of each by its summary when it is done
 */
import { setTimeout as sleep } from "node:timers/promises";
import { withAddLock } from "../../../src/spool/add-lock.ts";
import { layoutOf } from "../../../src/spool/layout.ts";
import { type NewHandlerTask, openSpool } from "../../../src/spool/spool.ts";
import { realSystem } from "../../../src/system.ts";

const [, , directory = "", verb = "", holdMs = "0"] = process.argv;
const nowMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;
const send = (message: object): void => void process.send?.(message);

if (verb === "hold") {
  process.on("message", () => void hold());
} else {
  const spool = await openSpool(directory);
  process.on("message", (message) => void enqueue((message as { task: NewHandlerTask }).task));
  const enqueue = async (task: NewHandlerTask): Promise<void> => {
    await (await spool.enqueue(task, { sizes: false })).done();
    send({ kind: "done", summary: task.summary });
  };
}
process.once("disconnect", () => process.exit(0));
send({ kind: "ready" });

async function hold(): Promise<void> {
  const askedMs = nowMs();
  let [hadMs, leftMs] = [0, 0];
  await withAddLock(realSystem(), layoutOf(directory), async () => {
    hadMs = nowMs();
    send({ kind: "has", hadMs });
    await sleep(Number(holdMs));
    leftMs = nowMs();
  });
  send({ kind: "held", askedMs, hadMs, leftMs });
}
