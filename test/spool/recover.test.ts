import { link, mkdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { recordAttempt } from "../../src/spool/attempts.ts";
import { recover } from "../../src/spool/recover.ts";
import { realSystem } from "../../src/system.ts";
import { filesByState, names, newSpool, put } from "../support/directories.ts";
import { record } from "../support/recorder.ts";
import { crashOf, receiptFor } from "./stages.ts";
import { TASK_BYTES } from "./task.ts";

const real = realSystem();
const NOTHING = { orphans: [], finished: [], restored: [], sweptTemporaries: 0 };
const NONCE = `${"0".repeat(8)}-0000-0000-0000-${"0".repeat(12)}`;

describe("a start after a crash", () => {
  it("finds nothing to do in a spool that was left in order", async () => {
    expect(await recover(real, await newSpool())).toEqual(NOTHING);
  });

  it("tells the claims of the dead daemon as orphans, and leaves them where they are", async () => {
    const layout = await newSpool();
    const path = await put(join(layout.active, "7.p2.a3.json"), TASK_BYTES);
    await put(join(layout.active, "notes.txt"), "a person's");
    const { orphans } = await recover(real, layout);
    expect(orphans).toEqual([{ number: 7, priority: 2, attempt: 3, dueAtMs: 0, path }]);
    expect(await names(layout.active)).toEqual(["7.p2.a3.json", "notes.txt"]);
  });

  it("only unlinks a task whose receipt is there", async () => {
    const layout = await newSpool();
    await put(join(layout.active, "7.a2.json"), TASK_BYTES);
    await put(join(layout.done, "7.json"), JSON.stringify(receiptFor(7)));
    await put(join(layout.failed, "7.reason.json"), "of an earlier life");
    await recordAttempt(real, layout, 7, crashOf(1));
    expect(await recover(real, layout)).toEqual({ ...NOTHING, finished: [7] });
    expect(await filesByState(layout)).toEqual(["done/7.json"]);
    expect(await names(layout.attempts)).toEqual([]);
  });

  it("makes a receipt durable that it finds before the task's file goes", async () => {
    const layout = await newSpool();
    await put(join(layout.active, "7.a1.json"), TASK_BYTES);
    await put(join(layout.done, "7.json"), JSON.stringify(receiptFor(7)));
    const recorder = record(layout.root);
    await recover(recorder.system, layout);
    expect(recorder.lines()).toEqual(["fsync done", "unlink active/7.a1.json"]);
  });

  it("forgets the attempts of a dead letter, and no others", async () => {
    const layout = await newSpool();
    await put(join(layout.failed, "7.p2.json"), TASK_BYTES);
    await put(join(layout.active, "8.a2.json"), TASK_BYTES);
    await put(join(layout.deferred, "0.9.a2.json"), TASK_BYTES);
    for (const number of [7, 8, 9]) await recordAttempt(real, layout, number, crashOf(1));
    await recover(real, layout);
    expect(await names(layout.attempts)).toEqual(["8.json", "9.json"]);
  });

  it("puts drops back that were being taken in, however old they are", async () => {
    const layout = await newSpool();
    const path = await put(join(layout.tmp, `taken.${NONCE}.cat.json`));
    await utimes(path, 1, 1);
    expect(await recover(real, layout)).toEqual({ ...NOTHING, restored: ["cat.json"] });
    expect(await filesByState(layout)).toEqual(["tasks/cat.json"]);
  });

  it("puts it back once when the start before this one died while it did", async () => {
    const layout = await newSpool();
    const taken = await put(join(layout.tmp, `taken.${NONCE}.cat.json`));
    await link(taken, join(layout.tasks, "cat.json"));
    expect(await recover(real, layout)).toEqual({ ...NOTHING, restored: ["cat.json"] });
    expect([await names(layout.tasks), await names(layout.tmp)]).toEqual([["cat.json"], []]);
  });

  it("sweeps temporaries that nobody can be writing any more, and no younger ones", async () => {
    const layout = await newSpool();
    const old = new Date(Date.now() - 37 * 3_600_000);
    await utimes(await put(join(layout.tmp, "old.json")), old, old);
    await mkdir(join(layout.tmp, "run-staged"));
    await put(join(layout.tmp, "run-staged", "sequence.0"), "");
    await utimes(join(layout.tmp, "run-staged"), old, old);
    await put(join(layout.tmp, "young.json"));
    expect((await recover(real, layout)).sweptTemporaries).toBe(2);
    expect(await names(layout.tmp)).toEqual(["young.json"]);
  });

  it("may be repeated: the second time there is nothing left to do", async () => {
    const layout = await newSpool();
    await put(join(layout.active, "7.a1.json"), TASK_BYTES);
    await put(join(layout.done, "7.json"), JSON.stringify(receiptFor(7)));
    await put(join(layout.tmp, `taken.${NONCE}.cat.json`));
    await recover(real, layout);
    expect(await recover(real, layout)).toEqual(NOTHING);
  });
});
