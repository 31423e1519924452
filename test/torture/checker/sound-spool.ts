/** A sound spool made by hand, at rest, with one of each kind in it: what the checker must find nothing wrong with. */
import { appendFile, mkdir, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { keyOf, type Members, sha256 } from "./json.ts";
import { noteAccepted } from "./ledger.ts";
import type { Evidence } from "./verify.ts";

/** Where things lie in it. */
export interface SoundSpool extends Evidence {
  readonly ledger: string;
  readonly reader: string;
}

const AT = Date.parse("2026-11-21T12:00:00Z");
const STATES = ["tasks", "active", "deferred", "held", "failed", "rejected", "done", "tmp", "run"];
const CRASHED = { code: "WORKER_CRASHED", message: "the worker died at this task", hint: "", facts: {}, causes: [] };

/**
 * 1 and 2 are pictures that are done, the second one over an output of the first; 3 is a handler's, done at its second
 * attempt; 4 has failed for crashing twice; 5 is held; 6 was pruned.
 */
export async function makeSoundSpool(root: string): Promise<SoundSpool> {
  const spool = join(root, "spool");
  const place: SoundSpool = {
    ...{ spool, root, when: "atRest", ledger: join(root, "ledger"), reader: join(root, "reader") },
    ...{ ledgers: [join(root, "ledger")], readers: [join(root, "reader")] },
  };
  for (const state of STATES) await mkdir(join(spool, state), { recursive: true });
  await mkdir(join(root, "out"));
  await writeFile(join(spool, "run", "sequence.6"), "");
  await writeFile(join(spool, "run", "pruned"), JSON.stringify({ done: [[6, 6]], cancelled: [], failed: [] }));
  for (const number of [1, 2]) await addPicture(place, number);
  await addHandled(place, 3);
  await accept(place, 4, pictureTask(4, ["out/4.png"]), "failed");
  await writeFile(join(spool, "failed", "4.reason.json"), JSON.stringify(reasonOf(4)));
  await accept(place, 5, pictureTask(5, ["out/5.png"]), "held");
  await noteAccepted(place.ledger, spool, 6, pictureTask(6, ["out/6.png"]));
  await appendFile(place.reader, `${JSON.stringify({ kind: "looks", files: 3, sets: 0 })}\n`);
  return place;
}

/** Accepts a task as a producer would, and puts it into a state. */
export async function accept(place: SoundSpool, number: number, task: Members, state: string): Promise<void> {
  await writeFile(join(place.spool, "tasks", `${number}.json`), JSON.stringify(task));
  await noteAccepted(place.ledger, place.spool, number, task);
  const name = state === "active" ? `${number}.a1.json` : `${number}.json`;
  const from = join(place.spool, "tasks", `${number}.json`);
  if (state === "done") await unlink(from);
  else await rename(from, join(place.spool, state, name));
}

export function pictureTask(number: number, files: readonly string[]): Members {
  const task = { source: "in.png", outputs: files.map((file) => ({ file, width: 8 })), summary: `task ${number}` };
  return { key: keyOf(task), ...task };
}

/** The receipt of a picture that was made from second `number` to the next. */
export function receiptOf(number: number, key: unknown, outputs: readonly object[]): Members {
  return {
    ...{ number, key, status: "done", supplicant: null, summary: `task ${number}`, attempts: 1 },
    startedAt: new Date(AT + number * 1_000).toISOString(),
    endedAt: new Date(AT + number * 1_000 + 1_000).toISOString(),
    ...{ durationMs: 1_000, source: { path: "in.png" }, outputs },
  };
}

async function addPicture(place: SoundSpool, number: number): Promise<void> {
  const files = [`out/${number}.png`, "out/shared.png"];
  const task = pictureTask(number, files);
  await accept(place, number, task, "done");
  const pixels = sharp({ create: { width: 8, height: 6, channels: 3, background: { r: number, g: 2, b: 3 } } });
  const bytes = await pixels.png().toBuffer();
  const outputs = files.map((file) => ({
    ...{ file, path: join(place.root, file), width: 8, height: 6 },
    ...{ bytes: bytes.length, format: "png", sha256: sha256(bytes) },
  }));
  for (const { path, sha256: digest } of outputs) {
    await writeFile(path, bytes);
    await appendFile(place.reader, `${JSON.stringify({ kind: "seen", path, sha256: digest })}\n`);
  }
  const receipt = receiptOf(number, task["key"], outputs);
  await writeFile(join(place.spool, "done", `${number}.json`), JSON.stringify(receipt));
}

async function addHandled(place: SoundSpool, number: number): Promise<void> {
  const instructions = { handler: "journal", data: { ms: 1 } };
  const task = { key: keyOf(instructions), ...instructions, summary: `task ${number}` };
  await accept(place, number, task, "done");
  const more = { attempts: 2, earlier: [crash(1)], source: null, result: { pid: 8, attempt: 2 } };
  const receipt = { ...receiptOf(number, task.key, []), ...more };
  await writeFile(join(place.spool, "done", `${number}.json`), JSON.stringify(receipt));
  await mkdir(join(place.root, "journal"));
  const lines = [
    { kind: "begin", number, attempt: 1, pid: 7, start: "1" },
    { kind: "begin", number, attempt: 2, pid: 8, start: "2" },
    { kind: "end", number, attempt: 2, pid: 8, start: "2" },
  ];
  for (const line of lines)
    await appendFile(join(place.root, "journal", `${number}.jsonl`), `${JSON.stringify(line)}\n`);
}

/** What is remembered of an attempt that took its worker down. */
export function crash(attempt: number): Members {
  return { attempt, outcome: "crashed", error: CRASHED, endedAt: new Date(AT).toISOString() };
}

export function reasonOf(number: number): Members {
  const attempts = [crash(1), crash(2)];
  return {
    number,
    supplicant: null,
    summary: `task ${number}`,
    error: CRASHED,
    attempts,
    endedAt: "2026-11-21T12:00:00Z",
  };
}
