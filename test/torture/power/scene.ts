/** Producers, people and a daemon at work on one spool, at random; what each of them was told is noted. */
import { join } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import type { Verb } from "../../../src/spool/moves.ts";
import type { NewHandlerTask, NewTask } from "../../../src/spool/spool.ts";
import { openSpool, type Spool } from "../../../src/spool/spool.ts";
import type { System } from "../../../src/system.ts";
import { type LogEvent, runSession } from "./session.ts";
import { WAYS } from "./workers.ts";

/** What somebody was told. */
export type Note =
  | { readonly kind: "accepted"; readonly number: number; readonly task: NewTask | NewHandlerTask }
  /** A drop whose file and name its writer has made durable. */
  | { readonly kind: "dropped"; readonly task: NewTask }
  | { readonly kind: "moving" | "moved"; readonly number: number; readonly verb: Verb; readonly to: string }
  | { readonly kind: "logged"; readonly event: LogEvent }
  /** The schedule lies there durably. */
  | { readonly kind: "scheduled" };

export interface Scene {
  readonly base: string;
  readonly system: System;
  readonly random: () => number;
  readonly note: (note: Note) => void;
  /** Sets the clock ahead. */
  readonly pass: (ms: number) => void;
}

const VERBS: readonly Verb[] = ["hold", "release", "retry", "cancel"];
const ENTRY = { cron: "* * * * *", missed: "all", task: { handler: "work", reads: [], writes: [] } } as const;

/** Plays one scene to its end: one or two daemons, one after the other, and others beside them. */
export async function playScene(scene: Scene): Promise<void> {
  const { base, system, random, note, pass } = scene;
  const spool = await openSpool(join(base, "spool"), system);
  const numbers: number[] = [];
  let made = 0;
  const nextTask = (): NewTask | NewHandlerTask => taskOf(++made, random);
  if (random() < 0.25) await placeSchedule(scene);
  await act(1 + Math.floor(3 * random()));
  for (let session = 0; session < (random() < 0.4 ? 2 : 1); session++) {
    if (session > 0) pass(60_000 + 60_000 * random());
    const others = random() < 0.7 ? act(1 + Math.floor(3 * random())) : Promise.resolve();
    await runSession(base, system, (event) => note({ kind: "logged", event }));
    await others;
  }
  if (random() < 0.3) await act(1);

  async function act(times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      while (random() < 0.7) await breathe();
      const wish = random();
      if (wish < 0.45 || numbers.length === 0) await enqueue([nextTask()]);
      else if (wish < 0.55) await enqueue([nextTask(), nextTask(), nextTask()]);
      else if (wish < 0.7) await drop(++made);
      else await move(VERBS[Math.floor(random() * VERBS.length)] ?? "hold");
    }
  }

  async function enqueue(tasks: readonly (NewTask | NewHandlerTask)[]): Promise<void> {
    const calls = tasks.map(async (task) => {
      const { number, isNew } = await spool.enqueue(task, { sizes: false });
      if (!isNew) return;
      note({ kind: "accepted", number, task });
      numbers.push(number);
    });
    await Promise.all(calls);
  }

  async function drop(at: number): Promise<void> {
    const task = { source: "in.jpg", outputs: [{ file: `out/drop${at}.jpg` }], summary: `drop${at} well` };
    await writeWhole(
      system,
      join(spool.directory, "tasks", random() < 0.5 ? `drop${at}.json` : `0${900 + at}.json`),
      task,
    );
    note({ kind: "dropped", task });
  }

  async function move(verb: Verb): Promise<void> {
    const number = numbers[Math.floor(random() * numbers.length)] ?? 1;
    note({ kind: "moving", number, verb, to: "" });
    const [result] = await moveOf(spool, verb)(number);
    if (result?.kind === "moved") note({ kind: "moved", number, verb, to: result.to });
  }
}

function moveOf(spool: Spool, verb: Verb): Spool["hold"] {
  return spool[verb];
}

/** A task of a random kind whose outputs are its own. */
function taskOf(at: number, random: () => number): NewTask | NewHandlerTask {
  const summary = `task${at} ${random() < 0.6 ? "well" : WAYS[Math.floor(random() * WAYS.length)]}`;
  const more = {
    ...(random() < 0.2 && { dedupe: `word${at}` }),
    ...(random() < 0.2 && { batch: "some" }),
    ...(random() < 0.1 && { priority: 3 }),
    ...(random() < 0.1 && { runAt: "2100-01-01T00:00:00Z" }),
  };
  if (random() < 0.25) return { handler: "work", reads: [], writes: [], summary, ...more };
  const pictures = Array.from({ length: 1 + Math.floor(3 * random()) }, (_, index) => ({
    file: `out/${at}-${index}.jpg`,
  }));
  const pyramid = random() < 0.25 ? [{ file: `deep/${at}.dzi`, tile: { size: 256 } }] : [];
  return { source: "in.jpg", outputs: [...pyramid, ...pictures], summary, ...more };
}

async function placeSchedule({ base, system, note, pass }: Scene): Promise<void> {
  await writeWhole(system, join(base, "spool", "schedule.json"), { entries: { often: ENTRY } });
  // The entry begins when a daemon reads it; its first times come soon after.
  await runSession(base, system, (event) => note({ kind: "logged", event }));
  note({ kind: "scheduled" });
  pass(125_000);
}

/** As a careful person writes a file: durable, name and all. */
async function writeWhole({ fs }: System, path: string, content: unknown): Promise<void> {
  const handle = await fs.open(path, "wx", 0o600);
  await handle.writeFile(JSON.stringify(content));
  await handle.sync();
  await handle.close();
  const directory = await fs.open(join(path, ".."), "r");
  await directory.sync();
  await directory.close();
}
