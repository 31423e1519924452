/** What must hold of a spool that has lost its power, as it is found and as it is when a daemon has run on it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { numbersOfBatch } from "../../../src/spool/batches.ts";
import { layoutOf, STATES, type State } from "../../../src/spool/layout.ts";
import { findDuplicate, marksOf } from "../../../src/spool/marks.ts";
import type { NewHandlerTask, NewTask } from "../../../src/spool/spool.ts";
import type { System } from "../../../src/system.ts";
import { readName } from "../../../src/task/name.ts";
import type { Receipt } from "../../../src/task/outcome.ts";
import type { Task } from "../../../src/task/task.ts";
import { parseObject } from "../../../src/task/text.ts";
import type { Note } from "./scene.ts";
import { filesOf } from "./workers.ts";

/** One file of a task in a state, or what it has left. */
interface Lying {
  readonly number: number;
  readonly state: State;
  readonly name: string;
  readonly content: Readonly<Record<string, unknown>> | undefined;
}

/** What was told before the power went. */
export interface Promised {
  readonly accepted: ReadonlyMap<number, NewTask | NewHandlerTask>;
  readonly dropped: readonly NewTask[];
  readonly notes: readonly Note[];
}

export function promisedBy(notes: readonly Note[]): Promised {
  const accepted = new Map<number, NewTask | NewHandlerTask>();
  const dropped: NewTask[] = [];
  for (const note of notes) {
    if (note.kind === "accepted") accepted.set(note.number, note.task);
    if (note.kind === "dropped") dropped.push(note.task);
  }
  return { accepted, dropped, notes };
}

/** @returns sentences on what is wrong before any daemon has come back */
export async function judgeFound(base: string, system: System, promised: Promised): Promise<string[]> {
  const layout = layoutOf(join(base, "spool"));
  // Nothing was promised yet, and the spool may not even be there.
  if (promised.accepted.size === 0 && promised.dropped.length === 0) return [];
  const faults: string[] = [];
  const lying = lyingIn(base);
  for (const { number, state, name, content } of lying)
    if (content === undefined && !isOfPeople(name)) faults.push(`task ${number} lies torn in ${state}/${name}`);
  for (const { number, content } of lying.filter(({ state }) => state === "done"))
    faults.push(...missingOutputs(base, number, content));
  for (const [number, task] of promised.accepted) {
    const states = lying.filter((each) => each.number === number).map(({ state }) => state);
    if (states.length === 0) faults.push(`task ${number} was accepted and is lost`);
    if (task.batch !== undefined && !(await numbersOfBatch(system, layout, task.batch)).includes(number))
      faults.push(`task ${number} is not counted in its batch`);
    // One that has failed once has given its word away, wherever it is moved to from there.
    const hasFailed = promised.notes.some(
      (note) => note.kind === "logged" && note.event.name === "task failed" && note.event["number"] === number,
    );
    const isOpen = !hasFailed && states.length > 0 && !states.some((state) => state === "done" || state === "failed");
    if (task.dedupe !== undefined && isOpen && (await findDuplicate(system, layout, marksOf(task as Task))) !== number)
      faults.push(`task ${number} waits and does not answer to its word`);
  }
  return faults;
}

/** @returns sentences on what is wrong when a daemon has run to its end on what was found */
export function judgeRecovered(base: string, { accepted, dropped, notes }: Promised): string[] {
  const faults: string[] = [];
  const lying = lyingIn(base);
  const byNumber = new Map<number, Lying[]>();
  for (const each of lying) byNumber.set(each.number, [...(byNumber.get(each.number) ?? []), each]);
  for (const [number, places] of byNumber) {
    if (places.length > 1 && !isCancelling(places))
      faults.push(`task ${number} lies in ${places.map(({ state, name }) => `${state}/${name}`).join(" and ")}`);
    for (const { state, content } of places) {
      if (content === undefined) faults.push(`task ${number} is torn in ${state}`);
      if (state === "done") faults.push(...missingOutputs(base, number, content));
      if (["tasks", "active"].includes(state)) faults.push(`task ${number} was left in ${state}`);
    }
  }
  for (const [number, task] of accepted) {
    const [place] = byNumber.get(number) ?? [];
    if (place === undefined) faults.push(`task ${number} was accepted and is lost after all`);
    else if (place.content?.["summary"] !== task.summary)
      faults.push(`number ${number} was given to ${task.summary} and is now ${String(place.content?.["summary"])}`);
  }
  for (const { summary } of dropped) {
    const found = lying.filter(({ content }) => content?.["summary"] === summary);
    const rejected = filesIn(join(base, "spool/rejected")).length;
    if (found.length === 0 && rejected === 0) faults.push(`${summary} was dropped and is lost`);
    if (found.length > 1)
      faults.push(`${summary} was dropped once, and is ${found.map(({ number }) => number).join(" and ")}`);
  }
  return [...faults, ...toldFaults(byNumber, notes), ...scheduleFaults(lying, notes)];
}

/** A command that was stopped between receipt and removal: the receipt counts, and `cancel` once more ends it. */
function isCancelling(places: readonly Lying[]): boolean {
  const [receipt, ...others] = places.toSorted((a, b) => Number(b.state === "done") - Number(a.state === "done"));
  return receipt?.content?.["status"] === "cancelled" && others.length === 1 && others[0]?.state === "held";
}

/** The highest number that a new task must not get. */
export function highestIn(base: string, { accepted }: Promised): number {
  return Math.max(0, ...accepted.keys(), ...lyingIn(base).map(({ number }) => number));
}

/** What a log or a command has told of a task must be true still. */
function toldFaults(byNumber: ReadonlyMap<number, readonly Lying[]>, notes: readonly Note[]): string[] {
  const last = new Map<number, Note>();
  const faults: string[] = [];
  for (const note of notes) {
    const number =
      note.kind === "moving" || note.kind === "moved"
        ? note.number
        : note.kind === "logged"
          ? Number(note.event["number"])
          : 0;
    if (number > 0) last.set(number, note);
  }
  for (const [number, note] of last) {
    const state = byNumber.get(number)?.[0]?.state;
    const status = byNumber.get(number)?.[0]?.content?.["status"];
    const name = note.kind === "logged" ? note.event.name : "";
    if (name === "task done" && status !== "done")
      faults.push(`task ${number} was told to be done, and lies in ${state}`);
    if (name === "task failed" && state !== "failed")
      faults.push(`task ${number} was told to have failed, and lies in ${state}`);
    if (note.kind !== "moved") continue;
    if (note.verb === "hold" && note.to === "held" && state !== "held")
      faults.push(`task ${number} was held, and lies in ${state}`);
    if (note.verb === "cancel" && status !== "cancelled")
      faults.push(`task ${number} was cancelled, and is ${status ?? state}`);
  }
  return faults;
}

/** Each time of the schedule is enqueued once, and none between the first and the last is left out. */
function scheduleFaults(lying: readonly Lying[], notes: readonly Note[]): string[] {
  const times = lying.flatMap(({ content }) => /^due (.*)$/.exec(String(content?.["summary"]))?.[1] ?? []).sort();
  const twice = times.filter((time, index) => times[index - 1] === time);
  const faults = twice.map((time) => `the run of ${time} was enqueued twice`);
  const minutes = times.map((time) => Date.parse(time) / 60_000);
  const isGapless = (minutes.at(-1) ?? 0) - (minutes[0] ?? 0) === new Set(minutes).size - Math.min(1, minutes.length);
  if (!isGapless) faults.push(`runs of the schedule were left out: ${times.join(" ")}`);
  const isTold = notes.some((note) => note.kind === "scheduled");
  return isTold && times.length === 0 ? ["nothing came of the schedule"] : faults;
}

function missingOutputs(base: string, number: number, content: Lying["content"]): string[] {
  const receipt = content as Receipt | undefined;
  if (receipt?.status !== "done") return [];
  const outputs = receipt.outputs.map(({ file, tiles }) => (tiles === undefined ? { file } : { file, tile: {} }));
  return outputs
    .flatMap((output) => [...filesOf(output)])
    .flatMap(([file, bytes]) => {
      const path = join(base, file);
      if (!existsSync(path)) return [`task ${number} is done, and ${file} is not there`];
      return readFileSync(path, "utf8") === bytes ? [] : [`task ${number} is done, and ${file} is torn`];
    });
}

/** How many temporaries of outputs nobody will come back for. */
export function litterIn(base: string): number {
  return ["out", "deep"].flatMap((folder) => filesIn(join(base, folder))).filter((name) => name.startsWith(".spoold-"))
    .length;
}

function lyingIn(base: string): Lying[] {
  return STATES.filter((state) => state !== "rejected").flatMap((state) =>
    filesIn(join(base, "spool", state)).flatMap((name) => {
      const kind = readName(name);
      if (kind.kind !== "task" || (state === "tasks" && isOfPeople(name))) return [];
      const content = parseObject(readFileSync(join(base, "spool", state, name), "utf8"));
      return [{ number: kind.entry.number, state, name, content }];
    }),
  );
}

/** The names that this torture's people give to their drops. */
function isOfPeople(name: string): boolean {
  return /^(0|drop)/.test(name);
}

function filesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
