/**
 * A process that wants a lock. Arguments: kind of lock, directory, witness, name, seed, view. Told to `contend`, it tries
 * until it has the lock or hears `over`; then, holding or not, it says so. Told to `letGo`, it does.
 */
import { setImmediate as breathe, setTimeout as sleep } from "node:timers/promises";
import { chance } from "../../support/scenery/chance.ts";
import { delaysOf, type View } from "./delays.ts";
import { type Hold, LOCK_KINDS, type LockName } from "./lock-kinds.ts";
import { now, openWitness } from "./witness.ts";

const [, , kind = "", directory = "", witnessFile = "", name = "", seed = "0", view = "beside"] = process.argv;
const random = chance(Number(seed));
const delay = delaysOf(random);
const lock = LOCK_KINDS[kind as LockName];
const witness = openWitness(witnessFile);
const send = (message: object): void => void process.send?.(message);
let round = 0;
let isOver = true;
let letsGo = false;

async function contend(): Promise<void> {
  let hold: Hold | undefined;
  let tries = 0;
  await sleep(10 * random());
  while (!isOver && hold === undefined) {
    tries += 1;
    hold = await lock.take(directory, delay, view as View);
    if (hold === undefined) await sleep(5 * random());
  }
  if (hold === undefined) return send({ kind: "over", tries });
  const id = `${name}-${round}`;
  witness.note(id, "took");
  send({ kind: "took", tries, id });
  await act(hold, id);
  witness.note(id, "lettingGo");
  await hold.letGo();
  send({ kind: "letGo" });
}

/** Asks before each act whether it may, and believes what it is told. */
async function act(hold: Hold, id: string): Promise<void> {
  let isSure = true;
  while (isSure && !letsGo) {
    const asked = now();
    isSure = await hold.isSure();
    witness.note(id, isSure ? "sure" : "unsure", asked);
    await (random() < 0.5 ? breathe() : sleep(3 * random()));
  }
  if (!isSure) send({ kind: "lost" });
  while (!letsGo) await sleep(2);
}

process.on("message", (message) => {
  const { order } = message as { order: string };
  if (order === "contend") {
    round += 1;
    [isOver, letsGo] = [false, false];
    void contend();
  }
  if (order === "over") isOver = true;
  if (order === "letGo") letsGo = true;
});
process.once("disconnect", () => process.exit(0));
send({ kind: "ready" });
