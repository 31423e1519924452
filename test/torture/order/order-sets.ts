/** Random tasks on few files, so that most of them depend on another. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import type { NewTask } from "../../../src/index.ts";
import type { NewHandlerTask } from "../../../src/spool/spool.ts";
import { chance } from "../../support/scenery/chance.ts";

/** A task of a set; `after` holds places in the set, which become numbers when it is enqueued. */
export interface SetTask {
  readonly task: NewTask | NewHandlerTask;
  readonly after: readonly number[];
}

const FILES = 6;
const PRESENT = 4;
const TASKS = 7;
const PRIORITIES = [0, 0, 0, 0, 1, 5] as const;

/** The directory of a set, below the first root. */
export function folderOf(set: number): string {
  return `s${set}`;
}

/** The tasks of a set: each reads one of its files and writes one or two, some read what is not there. */
export function tasksOfSet(seed: number, set: number): readonly SetTask[] {
  const random = chance(seed * 1_000_003 + set);
  const pick = (count: number): number => Math.floor(random() * count);
  const tasks: SetTask[] = [];
  for (let place = 0; place < TASKS; place++) {
    const [source, first, second] = shuffled([...Array(FILES).keys()], random);
    const priority = PRIORITIES[pick(PRIORITIES.length)] ?? 0;
    const outputs = [first, ...(random() < 0.4 ? [second] : [])].map((file) => ({
      file: `${folderOf(set)}/${file}.png`,
      width: 4 + pick(9),
      ...(random() < 0.5 && { steps: [{ negate: true as const }] }),
    }));
    // What it waits for must come before it in the order; else its own place depends on when that ends.
    const earlier = tasks.flatMap(({ task }, other) => ((task.priority ?? 0) >= priority ? [other] : []));
    const after = earlier.length > 0 && random() < 0.2 ? [earlier[pick(earlier.length)] ?? 0] : [];
    const read = `${folderOf(set)}/${source}.png`;
    const who = { priority, summary: `set ${set}` };
    const copy = { handler: "copy", reads: [read], writes: [outputs[0]?.file ?? ""], data: { fails: pick(3) } };
    tasks.push({ task: { ...(random() < 0.35 ? copy : { source: read, outputs }), ...who }, after });
  }
  return tasks;
}

/** Copies what it reads to where it writes, after as many attempts that fail as its task says. */
const COPY = `import { copyFile, rename } from "node:fs/promises";
import { join } from "node:path";
export default async ({ data, reads, writes, attempt }, { roots }) => {
  if (attempt <= data.fails) throw new Error("not yet");
  const target = join(roots[0], writes[0]);
  try {
    await copyFile(join(roots[0], reads[0]), target + ".copy");
  } catch (error) {
    throw Object.assign(error, { permanent: error.code === "ENOENT" });
  }
  await rename(target + ".copy", target);
  return null;
};
`;

/** Puts the handler that the sets need into a spool. */
export async function placeHandler(spool: string): Promise<void> {
  await mkdir(join(spool, "handlers"), { recursive: true, mode: 0o700 });
  await writeFile(join(spool, "handlers", "copy.js"), COPY, { mode: 0o600 });
}

/** Makes the pictures that the tasks of a set begin with. */
export async function placeSet(directory: string, seed: number, set: number): Promise<void> {
  const random = chance(seed * 7_919 + set);
  await mkdir(join(directory, folderOf(set)), { recursive: true });
  for (let file = 0; file < PRESENT; file++) {
    const pixels = Buffer.from(Array.from({ length: 8 * 6 * 3 }, () => Math.floor(random() * 256)));
    const png = await sharp(pixels, { raw: { width: 8, height: 6, channels: 3 } })
      .png()
      .toBuffer();
    await writeFile(join(directory, folderOf(set), `${file}.png`), png);
  }
}

function shuffled(items: number[], random: () => number): number[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
