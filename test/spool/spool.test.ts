import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { finishDone, finishFailed } from "../../src/spool/finish.ts";
import { layoutOf } from "../../src/spool/layout.ts";
import { enqueue, openSpool } from "../../src/spool/spool.ts";
import { realSystem } from "../../src/system.ts";
import { hasOwnKey } from "../../src/task/key.ts";
import { checkTask } from "../../src/task/parse.ts";
import { parseJson } from "../../src/task/text.ts";
import { names, newDirectory } from "../support/directories.ts";
import { errno, record } from "../support/recorder.ts";
import { claimFirst, reasonFor, receiptFor } from "./stages.ts";
import { TASK } from "./task.ts";

const real = realSystem();

async function opened() {
  const spool = await openSpool(join(await newDirectory(), "spool"));
  return { spool, layout: layoutOf(spool.directory) };
}

describe("a spool that is opened", () => {
  it("is made when it is missing, and is the same for everybody who opens it", async () => {
    const { spool, layout } = await opened();
    const again = await openSpool(spool.directory);
    expect([(await spool.enqueue(TASK)).number, (await again.enqueue(TASK)).number]).toEqual([1, 2]);
    expect(await names(layout.tasks)).toEqual(["1.json", "2.json"]);
  });

  it("is the one in SPOOLD_DIR when none is named, for enqueue() too", async () => {
    const before = process.env["SPOOLD_DIR"];
    onTestFinished(() => {
      if (before === undefined) delete process.env["SPOOLD_DIR"];
      else process.env["SPOOLD_DIR"] = before;
    });
    const directory = join(await newDirectory(), "mine");
    process.env["SPOOLD_DIR"] = directory;
    expect((await openSpool()).directory).toBe(directory);
    const tickets = await Promise.all([enqueue(TASK), enqueue(TASK), enqueue(TASK)]);
    expect(tickets.map(({ number }) => number)).toEqual([1, 2, 3]);
  });

  it("says why it cannot be made, and can be opened once that is mended", async () => {
    const directory = await newDirectory();
    for (const [code, expected] of [
      ["EROFS", "DISK_READ_ONLY"],
      ["ENOSPC", "DISK_FULL"],
      ["EACCES", "IO_ERROR"],
    ] as const) {
      const { system } = record(directory, (text) => {
        if (text.startsWith("mkdir")) throw errno(code);
      });
      const opening = openSpool(join(directory, "spool"), system);
      await expect(opening).rejects.toMatchObject({ code: expected, cause: { code } });
    }
    await writeFile(join(directory, "file"), "");
    await expect(openSpool(join(directory, "file", "spool"))).rejects.toMatchObject({ code: "IO_ERROR" });
    await mkdir(join(directory, "empty"));
    expect((await (await openSpool(join(directory, "empty"))).enqueue(TASK)).number).toBe(1);
  });
});

describe("an enqueued task", () => {
  it("has a number, tells its outputs, and lies in tasks/ with a key of its own", async () => {
    const { spool, layout } = await opened();
    const ticket = await spool.enqueue({ ...TASK, priority: 4, supplicant: "alice" });
    expect(ticket).toMatchObject({ number: 1, outputs: [{ file: "out.jpg" }] });
    const task = checkTask(parseJson(await readFile(join(layout.tasks, "1.p4.json"), "utf8")));
    expect(task).toMatchObject({ ...TASK, priority: 4, supplicant: "alice" });
    expect(hasOwnKey(task)).toBe(true);
  });

  it("is checked first: what is wrong with it is told, and nothing was queued", async () => {
    const { spool, layout } = await opened();
    await expect(spool.enqueue({ ...TASK, outputs: [] })).rejects.toMatchObject({ code: "TASK_INVALID" });
    const outputs = Array.from({ length: 250 }, (_none, index) => ({ file: `${"x".repeat(400)}${index}.jpg` }));
    await expect(spool.enqueue({ ...TASK, outputs })).rejects.toMatchObject({ code: "TASK_TOO_LARGE" });
    expect([await names(layout.tasks), await names(layout.tmp)]).toEqual([[], []]);
  });

  it("resolves its ticket with the receipt, whoever holds the ticket", async () => {
    const { spool, layout } = await opened();
    const ticket = await spool.enqueue(TASK);
    const done = ticket.done();
    await finishDone(real, layout, await claimFirst(real, layout), receiptFor(1));
    expect(await done).toEqual(receiptFor(1));
    expect(await (await openSpool(spool.directory)).ticket(1).done()).toEqual(receiptFor(1));
  });

  it("rejects its ticket with TASK_FAILED and the cause, or with the signal's reason", async () => {
    const { spool, layout } = await opened();
    const ticket = await spool.enqueue(TASK);
    await expect(ticket.done({ signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
    await finishFailed(real, layout, await claimFirst(real, layout), reasonFor(1));
    await expect(ticket.done()).rejects.toMatchObject({ code: "TASK_FAILED", cause: { code: "SOURCE_MISSING" } });
    await expect(spool.ticket(9).done()).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
  });
});
