/**
 * A producer in a process of its own. Arguments: spool directory, what to do.
 *   enqueue N   enqueues N tasks, three at a time, and sends their numbers in the order of the calls
 *   wait N      waits for the end of task N and sends its summary
 *   create      makes the spool
 */
import { createSpool, layoutOf } from "../../src/spool/layout.ts";
import { openSpool } from "../../src/spool/spool.ts";
import { realSystem } from "../../src/system.ts";
import { TASK } from "./task.ts";

const [, , directory = "", verb = "", text = "0"] = process.argv;
const send = (message: object): void => void process.send?.(message);

if (verb === "enqueue") {
  const spool = await openSpool(directory);
  const numbers: number[] = [];
  for (let count = 0; count < Number(text); count += 3) {
    const size = Math.min(3, Number(text) - count);
    const tickets = await Promise.all(Array.from({ length: size }, () => spool.enqueue(TASK)));
    numbers.push(...tickets.map(({ number }) => number));
  }
  send({ numbers });
} else if (verb === "wait") {
  const receipt = await (await openSpool(directory)).ticket(Number(text)).done();
  send({ summary: receipt.summary });
} else {
  await createSpool(realSystem(), layoutOf(directory));
  send({ created: true });
}
if (process.connected) process.disconnect();
