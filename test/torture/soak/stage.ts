/** Everything that a soak needs: pictures good and bad, handlers, a daemon, producers and a reader. */
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSpool, type Spool } from "../../../src/index.ts";
import { chance } from "../../support/scenery/chance.ts";
import { placePicture } from "../../support/spool.ts";
import { JOURNAL_HANDLER } from "../checker/journal.ts";
import { type Evidence, verify } from "../checker/verify.ts";
import { buildProducer, type Member, type Producer, startDaemonIn, startProducer, startReader } from "../live/crew.ts";
import { POISON_HANDLER } from "../live/mixes.ts";
import { placeNoisyPicture } from "../live/pictures.ts";
import type { Scene } from "./scene.ts";
import { mountSmallDisk } from "./small-disk.ts";

const PRODUCERS = ["anna", "ben", "cleo", "dan"] as const;
const DISK_MIB = 128;
/** Nobody waits for long, so that what is broken shows soon; all else as it is by default. */
const SETTINGS = [
  ...["--concurrency", "2", "--backoff", "300", "--backoff-max", "2000", "--worker-memory", `${300 * 1024 * 1024}`],
  ...["--timeout", "20000", "--settle", "500", "--reject-after", "3000"],
];

export interface Stage extends Scene {
  readonly reader: Member;
  readonly evidence: Omit<Evidence, "when">;
  /** What was found while nothing moved. */
  readonly violations: readonly string[];
  readonly client: Spool;
  /** Where the soak itself writes down what it enqueues. */
  readonly ledger: string;
  /** How many tasks producers were given a number for. */
  readonly accepted: () => number;
}

/** @param pauseMs between two tasks of one producer */
export async function setStage(
  directory: string,
  { seed, pauseMs }: { seed: number; pauseMs: number },
): Promise<Stage> {
  const disk = await mountSmallDisk(join(directory, "disk"), DISK_MIB);
  const spool = join(disk?.directory ?? directory, "spool");
  await placeSources(directory);
  const client = await openSpool(spool);
  await mkdir(join(spool, "handlers"), { mode: 0o700 });
  await writeFile(join(spool, "handlers", "journal.js"), JOURNAL_HANDLER, { mode: 0o600 });
  await writeFile(join(spool, "handlers", "poison.js"), POISON_HANDLER, { mode: 0o600 });
  for (const place of ["out/shared", "archive"]) await mkdir(join(directory, place), { recursive: true });
  const program = await buildProducer(directory);
  const ledgerOf = (name: string): string => join(directory, `ledger-${name}`);
  for (const name of [...PRODUCERS, "soak"]) await appendFile(ledgerOf(name), "");
  let starts = 0;
  let before = 0;
  const start = (index: number): Producer => {
    starts += 1;
    const name = PRODUCERS[index % PRODUCERS.length] ?? PRODUCERS[0];
    const wish = { spool, ledger: ledgerOf(name), name, mix: "soak" as const, seed: seed + starts };
    return startProducer(program, { ...wish, from: starts * 1_000_000, pauseMs, backlog: 200 });
  };
  const producers = PRODUCERS.map((_name, index) => start(index));
  const reader = startReader(join(directory, "reader"), [join(directory, "out")]);
  const daemon = await startDaemonIn(directory, SETTINGS, spool);
  const violations: string[] = [];
  const evidence = {
    ...{ spool, root: directory, ledgers: [...PRODUCERS, "soak"].map(ledgerOf), readers: [join(directory, "reader")] },
    ...{ archives: [join(directory, "archive")], memory: new Map<string, string>() },
  };
  return {
    ...{ directory, spool, daemon, producers, disk, reader, evidence, violations, client, ledger: ledgerOf("soak") },
    random: chance(seed),
    replace(index) {
      before += producers[index]?.accepted() ?? 0;
      producers[index] = start(index);
    },
    async check() {
      violations.push(...(await verify({ ...evidence, when: "midRun" })).violations);
    },
    accepted: () => producers.reduce((sum, producer) => sum + producer.accepted(), before),
  };
}

async function placeSources(directory: string): Promise<void> {
  await placePicture(join(directory, "quick.jpg"), { width: 480, height: 360 });
  await placeNoisyPicture(join(directory, "large.jpg"), { width: 1_200, height: 900 });
  const whole = await readFile(join(directory, "large.jpg"));
  await writeFile(join(directory, "cut.jpg"), whole.subarray(0, whole.length / 2));
  await writeFile(join(directory, "text.jpg"), "This is no picture.\n");
}
