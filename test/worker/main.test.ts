import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PictureRequest, RunRequest, WorkerMessage } from "../../src/worker/protocol.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import { photographJpeg } from "../support/pictures.ts";

const MAIN = fileURLToPath(new URL("../../dist/worker/main.js", import.meta.url));
let root: string;
let started: ChildProcess[];

beforeEach(async () => {
  started = [];
  root = await realpath(await mkdtemp(join(tmpdir(), "spoold-worker-")));
  await writeFile(join(root, "cat.jpg"), await photographJpeg({ width: 1_600, height: 1_200 }));
});

afterEach(async () => {
  for (const child of started) child.kill("SIGKILL");
  await rm(root, { recursive: true, maxRetries: 5 });
});

describe("a worker process", () => {
  it("says that it is ready, prepares the outputs of each task, and publishes none", async () => {
    const worker = start();
    expect(await nextMessage(worker)).toEqual({ kind: "ready" });
    for (const attempt of [1, 2]) {
      worker.send(request({ file: "small.png", width: 20 }, attempt));
      expect(await nextMessage(worker)).toEqual({ kind: "rendered", number: 7, attempt });
      expect(await nextMessage(worker)).toMatchObject({
        kind: "ended",
        number: 7,
        attempt,
        result: { kind: "prepared", outputs: [{ path: join(root, "small.png"), width: 20, height: 15 }] },
      });
    }
    expect((await readdir(root)).sort()).toEqual([".spoold-7-0.tmp", "cat.jpg"]);
  });

  it("reports a failure and goes on", async () => {
    const worker = start();
    await nextMessage(worker);
    worker.send({ ...request({ file: "small.png" }), roots: [tmpdir()] });
    expect(await nextMessage(worker)).toMatchObject({ result: { kind: "failed", error: { code: "SOURCE_MISSING" } } });
    worker.send(request({ file: "small.png", width: 20 }));
    expect(await nextMessage(worker)).toMatchObject({ kind: "rendered" });
    expect(await nextMessage(worker)).toMatchObject({ result: { kind: "prepared" } });
  });

  it("says that it is unusable, and why, where sharp cannot be loaded", async () => {
    await cp(join(MAIN, "..", ".."), join(root, "dist"), { recursive: true });
    await writeFile(join(root, "package.json"), '{"type":"module"}');
    const worker = start(join(root, "dist", "worker", "main.js"));
    const exit = once(worker, "exit");
    expect(await nextMessage(worker)).toMatchObject({
      kind: "unusable",
      error: { code: "WORKER_UNUSABLE", causes: [expect.stringContaining("sharp")] },
    });
    expect(await exit).toEqual([78, null]);
  });

  it("leaves the signals of a terminal to the daemon", async () => {
    const worker = start();
    await nextMessage(worker);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) worker.kill(signal);
    worker.send(request({ file: "small.png", width: 20 }));
    expect(await nextMessage(worker)).toMatchObject({ kind: "rendered" });
    expect(await nextMessage(worker)).toMatchObject({ result: { kind: "prepared" } });
  });

  it("ends when its daemon lets go of it", async () => {
    const worker = start();
    await nextMessage(worker);
    worker.disconnect();
    expect(await once(worker, "exit")).toEqual([null, "SIGKILL"]);
  });

  it("ends in the middle of its work when its daemon is killed", async () => {
    // The worker inherits this daemon's output: the pipe ends only when both of them are gone.
    const daemon = spawn(process.execPath, ["--input-type=module", "--eval", DAEMON, MAIN, JSON.stringify(slow())], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    started.push(daemon);
    const [said] = await once(daemon.stdout, "data");
    expect(String(said)).toBe("running");
    daemon.kill("SIGKILL");
    daemon.stdout.resume();
    await once(daemon.stdout, "end");
    expect(await readdir(root)).toEqual(["cat.jpg"]);
  });
});

/** A daemon in small: starts a worker, gives it a task once it is ready, and says so. */
const DAEMON = `
  import { fork } from "node:child_process";
  const [main, task] = process.argv.slice(1);
  const worker = fork(main, { stdio: ["ignore", 1, "inherit", "ipc"], execArgv: [] });
  worker.once("message", () => worker.send(JSON.parse(task), () => process.stdout.write("running")));
`;

function start(main = MAIN): ChildProcess {
  const worker = fork(main, { execArgv: [] });
  started.push(worker);
  return worker;
}

/** The next message but those of progress, which a worker on a busy machine may send in between. */
async function nextMessage(worker: ChildProcess): Promise<WorkerMessage> {
  const ended = once(worker, "exit").then(([code, signal]) => {
    throw new Error(`the worker exited: ${code ?? signal}; was it built?`);
  });
  // Whichever comes second is of no interest.
  ended.catch(() => undefined);
  for (;;) {
    const [message] = (await Promise.race([once(worker, "message"), ended])) as [WorkerMessage];
    if (message.kind !== "progress") return message;
  }
}

function request(output: PictureRequest["task"]["outputs"][number], attempt = 1): RunRequest {
  return {
    kind: "run",
    number: 7,
    attempt,
    task: { source: "cat.jpg", outputs: [output] },
    roots: [root],
    limits: DEFAULT_LIMITS,
    spool: join(root, "spool"),
    handlers: join(root, "handlers"),
    timeoutMs: 60_000,
    tag: "7",
  };
}

/** Work for many seconds: an AVIF of 100 megapixels. */
function slow(): RunRequest {
  return request({ file: "huge.avif", width: 11_500, quality: 90 });
}
