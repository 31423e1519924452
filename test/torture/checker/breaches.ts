/** Promises by name, each broken by hand in a sound spool, and the sentence that must be said of it. */
import { appendFile, copyFile, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Members, membersOf, sha256 } from "./json.ts";
import { accept, crash, pictureTask, reasonOf, type SoundSpool } from "./sound-spool.ts";

type Breach = (place: SoundSpool) => Promise<unknown>;

export const BREACHES: Readonly<Record<string, readonly [Breach, RegExp]>> = {
  "a task that is gone": [({ spool }) => rm(join(spool, "done/1.json")), /number 1 was accepted and is in no state/],
  "a task in two states": [
    ({ spool }) => copyFile(join(spool, "held/5.json"), join(spool, "tasks/5.json")),
    /number 5 lies in several places: held, tasks/,
  ],
  "a receipt beside a task file": [
    (place) => accept(place, 1, pictureTask(1, ["out/1.png"]), "active"),
    /number 1 lies in several places: active, done/,
  ],
  "a task left over": [(place) => accept(place, 7, pictureTask(7, []), "active"), /number 7 was left in active/],
  "a file that is no task": [({ spool }) => writeFile(join(spool, "active/x"), ""), /active\/x is no task/],
  "a number given twice": [
    (place) => accept(place, 5, pictureTask(5, ["out/5.png"]), "held"),
    /number 5 was given twice/,
  ],
  "a sequence that fell behind": [
    ({ spool }) => rename(join(spool, "run/sequence.6"), join(spool, "run/sequence.5")),
    /run\/sequence.5 is behind number 6/,
  ],
  "no sequence": [({ spool }) => rm(join(spool, "run/sequence.6")), /run\/ holds 0 files that tell/],
  "a task file whose bytes changed": [
    ({ spool }) => appendFile(join(spool, "held/5.json"), "\n"),
    /the bytes of task 5 have changed/,
  ],
  "a task that asks for something else": [
    ({ spool }) => change(join(spool, "held/5.json"), () => ({ source: "other.png" })),
    /number 5 in held\/ asks for something else than its key says/,
  ],
  "a task file cut short": [
    ({ spool }) => writeFile(join(spool, "failed/4.json"), "{"),
    /number 4 in failed\/ is no whole/,
  ],
  "another task under the number": [
    (place) => change(join(place.spool, "done/1.json"), () => ({ summary: "task 9" })),
    /the receipt of number 1 is that of another task/,
  ],
  "a receipt for other instructions": [
    (place) => change(join(place.spool, "done/1.json"), () => ({ key: "0" })),
    /the bytes of key 1 have changed/,
  ],
  "a receipt of another number": [
    (place) => change(join(place.spool, "done/1.json"), () => ({ number: 9 })),
    /the receipt of number 1 is that of 9/,
  ],
  "a receipt cut short": [
    ({ spool }) => writeFile(join(spool, "done/2.json"), "{"),
    /the receipt of number 2 is not whole/,
  ],
  "an end that there is not": [
    ({ spool }) => change(join(spool, "done/2.json"), () => ({ status: "maybe" })),
    /number 2 ended as maybe/,
  ],
  "an attempt too many": [
    ({ spool }) => change(join(spool, "done/3.json"), () => ({ attempts: 6, earlier: [1, 2, 3, 4, 5].map(failure) })),
    /number 3 took 6 attempts, and 5 are allowed/,
  ],
  "a crash too many before it was done": [
    ({ spool }) => change(join(spool, "done/3.json"), () => ({ attempts: 3, earlier: [crash(1), crash(2)] })),
    /number 3 was done after 2 crashes/,
  ],
  "an attempt that is on no record": [
    ({ spool }) => change(join(spool, "done/3.json"), () => ({ attempts: 3 })),
    /number 3 tells of 1 of 2 attempts/,
  ],
  "an attempt that is counted twice": [
    ({ spool }) => change(join(spool, "done/3.json"), () => ({ attempts: 3, earlier: [failure(1), failure(1)] })),
    /number 3 has attempts 1, 1 on record/,
  ],
  "a task given up too soon": [
    ({ spool }) => change(join(spool, "failed/4.reason.json"), () => ({ attempts: [crash(1)] })),
    /number 4 was given up after 1 crashes of 2/,
  ],
  "a task given up too late": [
    ({ spool }) => change(join(spool, "failed/4.reason.json"), () => ({ attempts: [1, 2, 3].map(crash) })),
    /number 4 has crashed 3 times/,
  ],
  "a dead letter with no reason": [
    ({ spool }) => rm(join(spool, "failed/4.reason.json")),
    /number 4 lies in failed\/ with no reason/,
  ],
  "a dead letter with another's reason": [
    ({ spool }) => writeFile(join(spool, "failed/4.reason.json"), JSON.stringify(reasonOf(9))),
    /the reason of number 4 is that of 9/,
  ],
  "an output that is missing": [
    ({ root }) => rm(join(root, "out/1.png")),
    /number 1 is done, and .*1.png is not there/,
  ],
  "an output with another digest": [
    ({ root }) => copyFile(join(root, "out/2.png"), join(root, "out/1.png")),
    /1.png has another digest than its receipt/,
  ],
  "an output that the last writer did not leave": [
    ({ root }) => copyFile(join(root, "out/1.png"), join(root, "out/shared.png")),
    /number 2 is done, and .*shared.png has another digest/,
  ],
  "an output that cannot be decoded": [cutShort, /number 1 is done, and .*1.png cannot be decoded/],
  "two tasks at one file at one time": [
    ({ spool }) => change(join(spool, "done/2.json"), () => ({ startedAt: "2026-11-21T12:00:01.500Z" })),
    /numbers 1 and 2 were at .*shared.png at the same time/,
  ],
  "a torn file that a reader saw": [
    saw({ kind: "torn", path: "a.png", because: "cut" }),
    /a reader saw a.png torn: cut/,
  ],
  "a part of a set that a reader saw": [
    saw({ kind: "partial", path: "a.2of2.png", missing: ["1"] }),
    /a reader saw a.2of2.png, and not yet 1/,
  ],
  "bytes that no task has made": [
    (place) => saw({ kind: "seen", path: join(place.root, "out/1.png"), sha256: "0" })(place),
    /a reader saw .*1.png with a digest that no receipt tells/,
  ],
  "two attempts at one time": [saw({ kind: "twice", number: 1, paths: [] }), /two attempts of number 1 wrote/],
  "a task run by two processes at one time": [
    wrote({ kind: "beside", number: 3, attempt: 2, pid: 8, other: 7 }),
    /number 3 was run by process 8 while process 7 was at it/,
  ],
  "attempts out of order": [
    wrote({ kind: "begin", number: 3, attempt: 1, pid: 9, start: "3" }),
    /number 3 was tried in the order 1, 2, 1/,
  ],
  "a task that is done and was never run": [
    ({ root }) => rm(join(root, "journal/3.jsonl")),
    /number 3 is done, and no run of it has ended/,
  ],
  "a temporary beside an output": [
    ({ root }) => writeFile(join(root, "out/.spoold-0a1b-1-a1-0.tmp"), ""),
    /out\/.spoold-0a1b-1-a1-0.tmp was left beside the outputs/,
  ],
  "an old temporary in the spool": [
    async ({ spool }) => {
      await writeFile(join(spool, "tmp/x"), "");
      await utimes(join(spool, "tmp/x"), 1, 1);
    },
    /tmp\/x is older than any that is written/,
  ],
};

/** Changes members of a file that holds an object. */
export async function change(path: string, members: (before: Members) => Members): Promise<void> {
  const before = membersOf(await readFile(path, "utf8")) ?? {};
  await writeFile(path, JSON.stringify({ ...before, ...members(before) }));
}

function failure(attempt: number): Members {
  return { ...crash(attempt), outcome: "failed" };
}

function saw(line: Members): Breach {
  return ({ reader }) => appendFile(reader, `${JSON.stringify(line)}\n`);
}

function wrote(line: Members): Breach {
  return ({ root }) => appendFile(join(root, "journal/3.jsonl"), `${JSON.stringify(line)}\n`);
}

/** The receipt tells the digest of what is there, which is half a picture. */
async function cutShort({ spool, root }: SoundSpool): Promise<void> {
  const half = (await readFile(join(root, "out/1.png"))).subarray(0, 60);
  await writeFile(join(root, "out/1.png"), half);
  await change(join(spool, "done/1.json"), ({ outputs }) => {
    const [first, ...others] = outputs as readonly Members[];
    return { outputs: [{ ...first, sha256: sha256(half), bytes: half.length }, ...others] };
  });
}
