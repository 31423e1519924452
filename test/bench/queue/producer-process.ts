/**
 * Enqueues one task after the other for as long as it is told, once it is told to begin: a line on standard input.
 * Arguments: spool, ms. Says `ready`, then how many calls and the longest of them in ms, as JSON.
 */
import { once } from "node:events";
import { openSpool } from "spoold";
import { ORDER } from "./orders.ts";

const [, , directory = "", forMs = "0"] = process.argv;
const spool = await openSpool(directory);
// The first call reads how far the numbers have come.
await spool.enqueue(ORDER, { sizes: false });
process.stdout.write("ready\n");
await once(process.stdin, "data");
let [calls, longestMs] = [0, 0];
const endMs = performance.now() + Number(forMs);
for (let nowMs = performance.now(); nowMs < endMs; calls++) {
  await spool.enqueue(ORDER, { sizes: false });
  const thenMs = nowMs;
  nowMs = performance.now();
  longestMs = Math.max(longestMs, nowMs - thenMs);
}
process.stdout.write(`${JSON.stringify({ calls, longestMs })}\n`);
process.stdin.destroy();
