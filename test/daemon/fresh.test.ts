import { readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { requireEarlierWork } from "../../src/daemon/freshness.ts";
import type { Receipt, Spool } from "../../src/index.ts";
import type { NewTask } from "../../src/spool/spool.ts";
import { realSystem } from "../../src/system.ts";
import type { EarlierWork } from "../../src/worker/protocol.ts";
import { freshDirectory, startDaemon, until } from "../support/daemon.ts";
import { newDirectory } from "../support/directories.ts";
import { namesIn, placePicture, spoolIn } from "../support/spool.ts";

const TASK: NewTask = {
  source: "cat.jpg",
  outputs: [
    { file: "large.jpg", width: 48 },
    { file: "small.png", width: 16 },
  ],
  skipIfFresh: true,
};
let directory: string;
let spool: Spool;

beforeEach(async () => {
  directory = await freshDirectory();
  spool = await spoolIn(directory);
  await placePicture(join(directory, "cat.jpg"));
});

async function done(task: NewTask = TASK): Promise<Receipt> {
  return (await spool.enqueue(task)).done();
}

function rememberedKeys(): Promise<string[]> {
  return readdir(join(spool.directory, "run", "fresh"));
}

describe("a task that says skipIfFresh", () => {
  it("ends at once as fresh while its outputs are there, made of this very source, and else makes them", async () => {
    const daemon = await startDaemon(directory);
    const first = await done();
    expect([first.status, first.source?.sha256?.length]).toEqual(["done", 64]);
    const before = await stat(join(directory, "large.jpg"));

    const second = await done({ ...TASK, supplicant: "again", priority: 7, batch: "b" });
    expect(second).toMatchObject({ number: 2, status: "fresh", supplicant: "again", batch: "b" });
    expect([second.source, second.outputs, second.srcset]).toEqual([first.source, first.outputs, first.srcset]);
    expect((await stat(join(directory, "large.jpg"))).ino).toBe(before.ino);
    await daemon.line(({ msg, number }) => msg === "task fresh" && number === 2);

    // What is fresh is remembered too, and better than the receipts.
    for (const name of await readdir(join(spool.directory, "done"))) await rm(join(spool.directory, "done", name));
    expect((await done()).status).toBe("fresh");

    await placePicture(join(directory, "cat.jpg"), { seed: 2 });
    const third = await done();
    expect(third.status).toBe("done");
    await daemon.line(({ msg, number }) => msg === "task done" && number === third.number);
    expect(third.outputs[0]?.sha256).not.toBe(first.outputs[0]?.sha256);
    await truncate(join(directory, "small.png"), 20);
    expect(await statusesOf(done, done)).toEqual(["done", "fresh"]);
    await rm(join(directory, "large.jpg"));
    expect(await statusesOf(done, done)).toEqual(["done", "fresh"]);

    const other = { ...TASK, outputs: [{ file: "large.jpg", width: 47 }] };
    // Each of the two makes what the other has replaced.
    expect(
      await statusesOf(
        () => done(other),
        done,
        () => done(other),
      ),
    ).toEqual(["done", "done", "done"]);
    expect((await rememberedKeys()).sort()).toEqual([first.key, (await done(other)).key].sort());

    // A task that does not say it makes its outputs whatever there is, and is not remembered.
    const { skipIfFresh: _not, ...plain } = TASK;
    const unasked = await done(plain);
    expect([unasked.status, unasked.source?.sha256]).toEqual(["done", undefined]);
    expect(await done()).toMatchObject({ status: "fresh", key: unasked.key });

    for (const text of ["", "{", "[]", "{}", JSON.stringify({ ...third, key: "0".repeat(64) })]) {
      await until(async () => (await namesIn(directory, "active")).length === 0);
      // Not into the file that is there: it is the receipt as well.
      await rm(join(spool.directory, "run", "fresh", first.key));
      await writeFile(join(spool.directory, "run", "fresh", first.key), text);
      expect((await done()).status).toBe("done");
    }
    expect(daemon.stderr()).toBe("");
  });

  async function statusesOf(...turns: readonly (() => Promise<Receipt>)[]): Promise<string[]> {
    const statuses = [];
    for (const turn of turns) statuses.push((await turn()).status);
    return statuses;
  }
});

describe("what a worker calls fresh", () => {
  let root: string;
  let earlierWork: EarlierWork;

  beforeEach(async () => {
    root = await newDirectory();
    await writeFile(join(root, "large.jpg"), "12345");
    await writeFile(join(root, "small.png"), "123");
    const output = { width: 1, height: 1, format: "jpeg", sha256: "0".repeat(64) } as const;
    const source = { path: join(root, "cat.jpg"), width: 1, height: 1, bytes: 1, format: "jpeg", orientation: 1 };
    earlierWork = {
      source,
      outputs: [
        { ...output, file: "large.jpg", path: join(root, "large.jpg"), bytes: 5 },
        { ...output, file: "small.png", path: join(root, "small.png"), bytes: 3 },
      ],
    };
  });

  function required(work: EarlierWork | undefined): Promise<EarlierWork> {
    const context = { system: realSystem(), roots: [root], spool: join(root, "spool") };
    return requireEarlierWork(context, { task: TASK, ...(work && { earlierWork: work }) });
  }

  it("is taken from what the daemon knows, and looked at once more", async () => {
    expect(await required(earlierWork)).toEqual(earlierWork);
  });

  it("is made once more when it is not where the task says, or not as long, or not known", async () => {
    const [large, small] = earlierWork.outputs as [EarlierWork["outputs"][0], EarlierWork["outputs"][0]];
    const refused = { code: "OUTPUT_CHANGED" };
    const wrong = [
      [large],
      [small, large],
      [large, { ...small, path: "/etc/passwd" }],
      [large, { ...small, bytes: 4 }],
    ];
    for (const outputs of wrong) await expect(required({ ...earlierWork, outputs })).rejects.toMatchObject(refused);
    await expect(required(undefined)).rejects.toMatchObject(refused);
    await rm(join(root, "small.png"));
    await expect(required(earlierWork)).rejects.toMatchObject(refused);
  });
});
