import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { lives, until } from "../support/daemon.ts";
import { type HandlerWorker, placeHandler, placeModule, startHandlerWorker } from "../support/handlers.ts";
import { placePicture } from "../support/spool.ts";

let root: string;
let handlers: string;
let worker: HandlerWorker;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "spoold-handlers-"));
  handlers = join(root, "handlers");
  worker = await startHandlerWorker(root);
});

/** Each takes half a second of the processor to start, so that one serves until it is dead. */
beforeEach(async () => {
  if (!lives(worker.pid)) worker = await startHandlerWorker(root);
  worker.told.length = 0;
  worker.spent.length = 0;
});

afterAll(async () => {
  await worker.close();
  await rm(root, { recursive: true });
});

/** The code of the error that an attempt failed with, and the causes. */
async function failureOf(handler: string): Promise<unknown> {
  const end = await worker.run({ handler });
  return end.kind === "failed" ? [end.error.code, ...end.error.causes] : end;
}

async function resultOf(handler: string): Promise<unknown> {
  const end = await worker.run({ handler });
  return end.kind === "handled" ? JSON.parse(end.json) : end;
}

describe("a handler", () => {
  it("is given its task and where it is, and what it returns is the result, whatever it prints", async () => {
    const body = `
      console.log("{}".repeat(100_000));
      return { task, is: signal.aborted, keys: Object.keys(process.env).filter((name) => !/^(PATH|TMPDIR|LANG|TZ|LD_|FONTC|MALLOC|VIPS)/.test(name)) };`;
    await placeHandler(handlers, "echo", body);
    const end = await worker.run({ handler: "echo", data: { deep: [1, null] }, summary: "s" });
    expect(end.kind === "handled" && JSON.parse(end.json)).toEqual({
      task: { handler: "echo", data: { deep: [1, null] }, summary: "s", number: expect.any(Number), attempt: 1 },
      is: false,
      keys: [],
    });
    await placeModule(handlers, "place.js", "export default async (_task, { spool, roots }) => ({ spool, roots });");
    expect(await resultOf("place")).toEqual({ spool: join(root, "spool"), roots: [root] });
  });

  it("may return what JSON can say, or nothing", async () => {
    const returned = ["undefined", "null", "7", "'text'", "[1, { a: true }]", "new Date(0)", "'x'.repeat(262_142)"];
    for (const [index, text] of returned.entries()) await placeHandler(handlers, `returns-${index}`, `return ${text};`);
    const results = [];
    for (const index of returned.keys()) results.push(await resultOf(`returns-${index}`));
    const [long, ...rest] = results.toReversed();
    expect(rest.toReversed()).toEqual([null, null, 7, "text", [1, { a: true }], "1970-01-01T00:00:00.000Z"]);
    expect(long).toHaveLength(262_142);
  });

  it("fails with a code that says what is wrong with it, and goes on in the same process", async () => {
    const cases: readonly [body: string, failure: readonly unknown[]][] = [
      ["throw new Error('no luck');", ["HANDLER_FAILED", "no luck"]],
      ["throw 'a text';", ["HANDLER_FAILED", "a text"]],
      ["throw undefined;", ["HANDLER_FAILED"]],
      ["throw Object.assign(new Error('never'), { permanent: true });", ["HANDLER_REFUSED", "never"]],
      ["throw Object.assign(new Error('not quite'), { permanent: 1 });", ["HANDLER_FAILED", "not quite"]],
      ["throw Object.assign(new Error('full'), { code: 'ENOSPC' });", ["DISK_FULL", "full"]],
      ["throw Object.assign(new Error('leaky'), { code: 'EMFILE' });", ["HANDLER_FAILED", "leaky"]],
      [
        "throw new Proxy({}, { getPrototypeOf() { throw 1; }, has() { throw 1; }, get() { throw 1; } });",
        ["HANDLER_FAILED", "what it threw cannot be told"],
      ],
      ["throw new Error('x'.repeat(1e6));", ["HANDLER_FAILED", "x".repeat(4_096)]],
      ["return () => 1;", ["HANDLER_RESULT"]],
      ["return 1n;", ["HANDLER_RESULT", expect.stringContaining("BigInt")]],
      ["const a = {}; a.a = a; return a;", ["HANDLER_RESULT", expect.stringContaining("circular")]],
      ["return 'x'.repeat(262_143);", ["HANDLER_RESULT"]],
      ["return JSON.parse('['.repeat(33) + 1 + ']'.repeat(33));", ["HANDLER_RESULT"]],
      ["return JSON.parse('['.repeat(1e5) + 1 + ']'.repeat(1e5));", ["HANDLER_RESULT", expect.any(String)]],
    ];
    for (const [index, [body]] of cases.entries()) await placeHandler(handlers, `fails-${index}`, body);
    for (const [index, [, failure]] of cases.entries()) expect(await failureOf(`fails-${index}`)).toEqual(failure);
    expect(worker.spent).toEqual([]);
  });

  it("must be a module whose default is a function; what its own code throws when it is loaded is a failure", async () => {
    await placeModule(handlers, "torn.mjs", "export default async (task) => {");
    await placeModule(handlers, "other.mjs", "export const handle = () => 1;");
    await placeModule(handlers, "number.mjs", "export default 7;");
    await placeModule(handlers, "lost.mjs", "import './nowhere.mjs'; export default () => 1;");
    await placeModule(handlers, "down.mjs", "throw new Error('no connection');");
    expect(await failureOf("torn")).toEqual(["HANDLER_INVALID", expect.stringContaining("Unexpected")]);
    expect(await failureOf("other")).toEqual(["HANDLER_INVALID"]);
    expect(await failureOf("number")).toEqual(["HANDLER_INVALID"]);
    expect(await failureOf("lost")).toEqual(["HANDLER_INVALID", expect.stringContaining("nowhere.mjs")]);
    expect(await failureOf("down")).toEqual(["HANDLER_FAILED", "no connection"]);
  });

  it("is loaded anew when its file has changed or could not be loaded, and else kept", async () => {
    await placeModule(handlers, "count.mjs", "let calls = 0; export default () => (calls += 1);");
    expect([await resultOf("count"), await resultOf("count")]).toEqual([1, 2]);
    await placeModule(handlers, "count.mjs", "let calls = 10; export default () => (calls += 1);");
    expect(await resultOf("count")).toBe(11);
    await placeModule(handlers, "common.cjs.js", "");
    await placeModule(handlers, "common.js", "module.exports = () => 1;");
    expect(await resultOf("common")).toBe(1);
    await placeModule(handlers, "common.js", "module.exports = () => 2;");
    expect(await resultOf("common")).toBe(2);
    const once = `import { existsSync } from "node:fs"; if (!existsSync(${JSON.stringify(join(root, "up"))})) throw new Error("down"); export default () => "up";`;
    await placeModule(handlers, "connects.mjs", once);
    expect(await failureOf("connects")).toEqual(["HANDLER_FAILED", "down"]);
    await writeFile(join(root, "up"), "");
    expect(await resultOf("connects")).toBe("up");
  });
});

describe("what a handler does where nobody waits for it", () => {
  it.each([
    ["from a timer", "setTimeout(() => { throw new Error('astray'); }, 5);"],
    ["in a promise that it drops", "Promise.reject(new Error('astray'));"],
    ["from an event", "setImmediate(() => process.emit('astray', (() => { throw new Error('astray'); })()));"],
  ])("fails its own attempt when it throws %s, and the worker asks to be replaced", async (_how, body) => {
    await placeHandler(handlers, "stray", `${body} await new Promise(() => undefined);`);
    expect(await failureOf("stray")).toEqual(["HANDLER_FAILED", "astray"]);
    expect(worker.spent).toMatchObject([{ code: "HANDLER_FAILED", facts: { handler: "stray" }, causes: ["astray"] }]);
  });

  it("fails no other task when it throws after its end", async () => {
    await placePicture(join(root, "cat.jpg"));
    await placeHandler(handlers, "late", "setTimeout(() => { throw new Error('astray'); }, 50);");
    await placeHandler(handlers, "patient", "await new Promise((resolve) => setTimeout(resolve, 300)); return 1;");
    expect(await resultOf("late")).toBe(null);
    expect(await resultOf("patient")).toBe(1);
    expect(worker.spent).toMatchObject([{ facts: { handler: "late" }, causes: ["astray"] }]);
    expect(await worker.run({ source: "cat.jpg", outputs: [{ file: "cat.png" }] })).toMatchObject({ kind: "prepared" });
  });

  it("is a crash of its own attempt when it ends the process", async () => {
    await placeHandler(handlers, "quits", "process.exit(3);");
    expect(await worker.run({ handler: "quits" })).toEqual({ kind: "crashed", exitCode: 3, signal: null });
  });
});

describe("the deadline of a handler", () => {
  it("is told to it shortly before, so that it may still end well", async () => {
    await placeHandler(
      handlers,
      "heeds",
      "await new Promise((resolve) => { signal.onabort = resolve; }); return signal.reason.code;",
    );
    expect(await worker.run({ handler: "heeds", timeoutMs: 2_000 })).toEqual({
      kind: "handled",
      json: '"TASK_TIMED_OUT"',
    });
  });

  it("is what it has failed by when it throws then", async () => {
    const waits = "await new Promise((resolve) => { signal.onabort = resolve; });";
    await placeHandler(handlers, "throws", `${waits} throw signal.reason;`);
    await placeHandler(handlers, "complains", `${waits} throw new Error("half done");`);
    for (const [handler, causes] of [
      ["throws", []],
      ["complains", ["half done"]],
    ] as const)
      expect(await worker.run({ handler, timeoutMs: 1_600 })).toMatchObject({
        kind: "failed",
        error: { code: "TASK_TIMED_OUT", facts: { timeoutMs: 1_600 }, causes },
      });
  });

  it.each([
    ["waits for ever", "await new Promise(() => undefined);"],
    ["spins for ever", "for (;;);"],
    ["spins where it should heed", "signal.onabort = () => { for (;;); }; await new Promise(() => undefined);"],
  ])("kills one that %s", async (_what, body) => {
    await placeHandler(handlers, "hangs", body);
    expect(await worker.run({ handler: "hangs", timeoutMs: 300 })).toEqual({ kind: "timedOut", timeoutMs: 300 });
    await worker.gone;
    expect(lives(worker.pid)).toBe(false);
  });
});

describe("a handler whose result nobody wants any more", () => {
  it("is told, and may end", async () => {
    await placeHandler(
      handlers,
      "heeds",
      "progress(0); await new Promise((resolve) => { signal.onabort = resolve; }); return signal.reason.code;",
    );
    const end = worker.run({ handler: "heeds" });
    await until(() => worker.told.length > 0);
    worker.abandon();
    expect(await end).toEqual({ kind: "handled", json: '"TASK_CANCELLED"' });
    expect(lives(worker.pid)).toBe(true);
  });

  it("is killed when it does not heed", async () => {
    await placeHandler(handlers, "deaf", "progress(0); await new Promise(() => undefined);");
    const end = worker.run({ handler: "deaf" });
    await until(() => worker.told.length > 0);
    worker.abandon();
    expect(await end).toEqual({ kind: "interrupted" });
    expect(lives(worker.pid)).toBe(false);
  });
});
