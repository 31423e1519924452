import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import type { Spool } from "../../src/index.ts";
import { askDaemon, type DaemonStatus } from "../../src/spool/control.ts";
import { layoutOf } from "../../src/spool/layout.ts";
import { realSystem } from "../../src/system.ts";
import { freshDirectory, lives, startDaemon, until } from "../support/daemon.ts";
import { placeHandler, placeModule } from "../support/handlers.ts";
import { block } from "../support/readme.ts";
import { namesIn, placePicture, quickTask, spoolIn } from "../support/spool.ts";
import { workersOf } from "../support/workers.ts";

let directory: string;
let handlers: string;
let spool: Spool;

beforeEach(async () => {
  directory = await freshDirectory();
  spool = await spoolIn(directory);
  handlers = join(spool.directory, "handlers");
});

async function runningTasks(): Promise<DaemonStatus["running"]> {
  const status = await askDaemon(realSystem(), layoutOf(spool.directory), { ask: "status" }, 10_000);
  return typeof status === "object" ? status.running : [];
}

describe("a task for a handler", () => {
  it("is done by it, with a receipt, a log, retries and a progress, as README shows", async () => {
    await placeModule(handlers, "compress.js", block("js handler"));
    await writeFile(join(directory, "may.csv"), "a;b\n".repeat(1_000));
    const daemon = await startDaemon(directory, ["--backoff", "0"]);

    const task = JSON.parse(block("json handler"));
    const receipt = await (await spool.enqueue({ ...task, supplicant: "books", summary: "may" })).done();
    expect(receipt).toMatchObject({ status: "done", attempts: 1, source: null, outputs: [], result: { bytes: 4_000 } });
    expect(gunzipSync(await readFile(join(directory, "may.csv.gz"))).toString()).toBe("a;b\n".repeat(1_000));
    const about = { number: receipt.number, attempt: 1, supplicant: "books", summary: "may" };
    const line = {
      ...about,
      handler: "compress",
      text: "compressed",
      fields: { target: join(directory, "may.csv.gz") },
    };
    expect(daemon.lines()).toContainEqual(expect.objectContaining({ msg: "handler says", level: "info", ...line }));

    await placeHandler(handlers, "fickle", "if (task.attempt < 3) throw new Error('not yet'); return task.attempt;");
    const fickle = await (await spool.enqueue({ handler: "fickle" })).done();
    expect(fickle).toMatchObject({ result: 3, attempts: 3, earlier: [{ error: { causes: ["not yet"] } }, {}] });

    await placeHandler(handlers, "stern", "throw Object.assign(new Error('never'), { permanent: true });");
    const refusal = (await spool.enqueue({ handler: "stern" })).done();
    await expect(refusal).rejects.toMatchObject({ cause: { code: "HANDLER_REFUSED", cause: { message: "never" } } });

    await placeHandler(
      handlers,
      "slow",
      "progress(0.25, 'a quarter'); await new Promise((end) => (signal.onabort = end));",
    );
    const slow = await spool.enqueue({ handler: "slow", timeoutMs: 60_000 });
    const [running] = await until(async () => {
      const tasks = await runningTasks();
      return tasks[0]?.progress ? tasks : undefined;
    });
    expect(running).toMatchObject({ number: slow.number, progress: { part: 0.25, text: "a quarter" } });
    const [worker = 0] = await workersOf(daemon.pid);
    await rm(join(spool.directory, "active", `${slow.number}.a1.json`));
    await daemon.line(({ msg, number }) => msg === "task taken away" && number === slow.number);
    expect(lives(worker)).toBe(true);

    await placeHandler(handlers, "astray", "setTimeout(() => { throw new Error('late'); }, 20);");
    await placePicture(join(directory, "quick.jpg"));
    await (await spool.enqueue({ handler: "astray" })).done();
    await daemon.line(({ msg }) => msg === "handler went astray");
    await until(() => !lives(worker));
    expect(await (await spool.enqueue(quickTask("next"))).done()).toMatchObject({ attempts: 1 });
    expect(daemon.stderr()).toBe("");
  });

  it("leaves no process behind when the daemon dies at it, and is run anew by the next one", async () => {
    const elsewhere = join(directory, "elsewhere");
    const mark = `await (await import("node:fs/promises")).writeFile(task.data + task.attempt, String(process.pid));`;
    await placeHandler(elsewhere, "spin", `${mark} if (task.attempt === 1) for (;;); return "again";`);
    const heeds = `const { writeFileSync } = await import("node:fs"); progress(0);
      await new Promise(() => { signal.onabort = () => writeFileSync(task.data, signal.reason.code); });`;
    await placeHandler(elsewhere, "heeds", heeds);
    const args = ["--handlers", "elsewhere", "--backoff", "0", "--concurrency", "2"];
    const daemon = await startDaemon(directory, args);
    const touches = { reads: [], writes: [] };
    const ticket = await spool.enqueue({ handler: "spin", data: join(directory, "mark-"), ...touches });
    await spool.enqueue({ handler: "heeds", data: join(directory, "told"), ...touches });
    await until(async () => (await readdir(directory)).includes("mark-1"));
    await until(async () => (await runningTasks()).some(({ progress }) => progress !== null));
    const workers = await workersOf(daemon.pid);
    expect(workers.map(String)).toContain(await readFile(join(directory, "mark-1"), "utf8"));
    process.kill(daemon.pid, "SIGKILL");
    await daemon.ended;
    // One hears of it; the other hears nothing, for it never comes to rest.
    await until(() => workers.every((pid) => !lives(pid)));
    expect(await readFile(join(directory, "told"), "utf8")).toBe("DAEMON_CRASHED");
    await startDaemon(directory, args);
    expect(await ticket.done()).toMatchObject({ result: "again", attempts: 2 });
    await until(async () => !(await namesIn(directory, "active")).some((name) => name.startsWith("1.")));
  });
});
