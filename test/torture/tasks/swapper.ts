/**
 * A process that swaps a directory for a link, and back, as fast as it can: `swapper.ts DIRECTORY TARGET`. Ends when its
 * input ends, with the directory in its place, and prints how often it has swapped.
 */
import { renameSync, rmSync, symlinkSync, writeSync } from "node:fs";

const [, , directory = "", target = ""] = process.argv;
const [real, link] = [`${directory}.real`, `${directory}.link`];
let swaps = 0;
let ends = false;

symlinkSync(target, link);
process.stdin.on("end", () => {
  ends = true;
});
process.stdin.resume();
swapOften();

function swapOften(): void {
  for (let turn = 0; turn < 50; turn++) {
    move(directory, real);
    move(link, directory);
    spin(150_000);
    move(directory, link);
    move(real, directory);
    swaps += 1;
    spin(600_000);
  }
  if (!ends) return void setImmediate(swapOften);
  rmSync(link);
  writeSync(1, `${swaps}\n`);
}

/** Between two renames nothing has the name: somebody may have made a directory of it. */
function move(from: string, to: string): void {
  for (;;) {
    try {
      return renameSync(from, to);
    } catch {
      rmSync(to, { recursive: true, force: true });
    }
  }
}

/** Up to half a millisecond, so that what others do falls on either side. */
function spin(most: number): void {
  for (let times = Math.random() * most; times > 0; times--) Math.imul(times, times);
}
