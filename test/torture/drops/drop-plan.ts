/** What people drop into `tasks/`, and by which hands: made from a seed and a number alone. */
import { createHash } from "node:crypto";
import { chance } from "../../support/scenery/chance.ts";
import { HANDS, type Hand } from "./hands.ts";

export interface PlannedDrop {
  readonly index: number;
  /** Its name in `tasks/`, which no other drop has. */
  readonly name: string;
  readonly hand: Hand;
  readonly content: Content;
  /** What lies there when its hand is done with it. */
  readonly bytes: Buffer;
  /** What some hands put there first, whole, and soon replace. */
  readonly before: Buffer;
  /** Where the bytes are cut into pieces; no piece but the last makes a whole object of them. */
  readonly cuts: readonly number[];
  /** How long its hand rests before each piece but the first. */
  readonly pausesMs: readonly number[];
  /** Whether a hand that leaves backups leaves them for good. */
  readonly isUntidy: boolean;
}

type Content = "task" | keyof typeof JUNK;

/** What the handler of a drop tells that it was given: 64 digits. */
export function digestOf(data: unknown): string {
  return createHash("sha256").update(JSON.stringify(data)).digest("hex");
}

/** The data of the task that is right in the end, and of the one that some hands replace. */
export function dataOf({ index }: Pick<PlannedDrop, "index">, version: "last" | "before" = "last"): unknown {
  return { drop: index, version, text: `${version} ü ${"x".repeat((index * 37) % 3_000)}` };
}

/** A plan is the same for the same seed and number. @param settleMs what pauses are measured by */
export function planOf(seed: number, index: number, settleMs: number): PlannedDrop {
  const random = chance(Math.imul(seed, 0x9e37_79b1) ^ index);
  const below = (limit: number): number => Math.floor(random() * limit);
  const oneOf = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const content: Content = random() < 0.7 ? "task" : oneOf(Object.keys(JUNK) as (keyof typeof JUNK)[]);
  const task = taskText(index, "last", oneOf([0, 1, 2]));
  const bytes = content === "task" ? Buffer.from(oneOf([task, `${task}\n`, ` ${task}`])) : JUNK[content](task, below);
  const hand = oneOf(HANDS);
  // A shell starts programs for each piece.
  const pieces = content === "two" ? 1 : 1 + below(hand.startsWith("sh ") ? 12 : 50);
  // Behind the last bracket nothing is missing any more.
  const end = bytes.lastIndexOf("}") < 1 ? bytes.length : bytes.lastIndexOf("}");
  const cuts = [...new Set(Array.from({ length: pieces - 1 }, () => 1 + below(end - 1)))]
    .filter((cut) => cut > 0 && cut < bytes.length)
    .sort((a, b) => a - b);
  const pausesMs = cuts.map(() => pauseMs(random, settleMs, cuts.length));
  const before = Buffer.from(taskText(index, "before", 0));
  return { index, name: nameOf(index, random), hand, content, bytes, before, cuts, pausesMs, isUntidy: below(2) === 0 };
}

/** Numbers of people's own lie so far above those given that they drag nothing up. */
const OWN_NUMBERS = 5_000_000;

function nameOf(index: number, random: () => number): string {
  const number = OWN_NUMBERS + index;
  const names = [`${number}`, `00${number}`, `${number}.json`, `0${number}.json`, `${number}.p7.json`];
  const others = [`drop-${index}.json`, `dröp ${index}.json`, `drop.${index}.a.json`];
  const all = [...names, ...others, ...others];
  return all[Math.floor(random() * all.length)] ?? "";
}

/** Mostly none or a short one; now and then one after which the file would have settled, were it whole. */
function pauseMs(random: () => number, settleMs: number, pieces: number): number {
  if (random() < Math.min(0.3, 1.5 / pieces)) return Math.ceil(settleMs * (1.2 + random()));
  return random() < 0.5 ? 0 : Math.floor(settleMs * 0.4 * random());
}

function taskText(index: number, version: "last" | "before", indent: number): string {
  const data = dataOf({ index }, version);
  return JSON.stringify({ handler: "note", data, reads: [], writes: [], summary: `drop ${index}` }, null, indent);
}

/** What is no task, and is to lie in `rejected/` byte for byte. */
const JUNK = {
  cut: (task: string, below: (limit: number) => number) => Buffer.from(task).subarray(0, 1 + below(task.length - 1)),
  noise: (_task: string, below: (limit: number) => number) =>
    Buffer.from(Array.from({ length: 1 + below(2_000) }, () => below(256))),
  nothing: () => Buffer.alloc(0),
  zeros: (task: string) => Buffer.alloc(task.length),
  list: (task: string) => Buffer.from(`[${task}]`),
  two: (task: string) => Buffer.from(`${task}\n${task}`),
  unknown: (task: string) => Buffer.from(task.replace('"handler"', '"handle"')),
  bracket: (task: string) => Buffer.from(task.replace("{", "{{")),
  large: (task: string) => Buffer.from(task.replace('"text"', `"more": "${"y".repeat(70_000)}", "text"`)),
  deep: () => Buffer.from(`{"handler":"note","data":${"[".repeat(5_000)}${"]".repeat(5_000)}}`),
} as const;
