/**
 * A producer process: enqueues tasks one after the other until it is told to stop, and says each number on standard
 * output once the promise has resolved. Arguments: spool directory, name.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { openSpool } from "../../src/index.ts";

const [, , directory, name] = process.argv;
const spool = await openSpool(directory);
let stopped = false;
process.once("SIGTERM", () => {
  stopped = true;
});

for (let count = 0; !stopped; count++) {
  const outputs = [
    { file: `out/${name}-${count % 25}-a.jpg`, width: 200 },
    { file: `out/${name}-${count % 25}-b.webp`, width: 60, height: 60 },
    { file: `out/shared-${count % 3}.png`, width: 30 + (count % 50) },
  ];
  const ticket = await spool.enqueue({ source: "quick.jpg", outputs, supplicant: name ?? "", summary: `${count}` });
  process.stdout.write(`${ticket.number}\n`);
  await sleep(120);
}
