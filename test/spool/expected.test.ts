import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { layoutOf } from "../../src/spool/layout.ts";
import { type NewTask, openSpool } from "../../src/spool/spool.ts";
import { names, newDirectory } from "../support/directories.ts";
import { photographJpeg, turnedJpeg } from "../support/pictures.ts";
import { errno, record } from "../support/recorder.ts";

const OUTPUTS: NewTask["outputs"] = [
  { file: "a.jpg", width: 60 },
  { file: "b.jpg", width: 30, height: 30 },
  { file: "c.jpg", width: 30, steps: [{ trim: true }] },
];

/** A spool beside `up/`, which is the first root, as its `spoold.json` says. */
async function project() {
  const directory = await newDirectory();
  const spool = await openSpool(join(directory, "spool"));
  await mkdir(join(directory, "up"));
  await writeFile(join(directory, "spool/spoold.json"), JSON.stringify({ roots: [join(directory, "up")] }));
  return { directory, spool, up: join(directory, "up") };
}

function setRoot(root: string): void {
  const before = process.env["SPOOLD_ROOT"];
  onTestFinished(() => {
    if (before === undefined) delete process.env["SPOOLD_ROOT"];
    else process.env["SPOOLD_ROOT"] = before;
  });
  process.env["SPOOLD_ROOT"] = root;
}

const SIZES = [{ file: "a.jpg", width: 60, height: 40 }, { file: "b.jpg", width: 30, height: 30 }, { file: "c.jpg" }];
const FILES = OUTPUTS.map(({ file }) => ({ file }));

describe("the outputs of a ticket", () => {
  it("have their final sizes, but for those that only the pixels decide", async () => {
    const { spool, up } = await project();
    await writeFile(join(up, "cat.jpg"), await turnedJpeg(6));
    expect((await spool.enqueue({ source: "cat.jpg", outputs: OUTPUTS })).outputs).toEqual(SIZES);
  });

  it("are measured from the first root: SPOOLD_ROOT, else that of spoold.json", async () => {
    const { directory, spool, up } = await project();
    await writeFile(join(directory, "cat.jpg"), await turnedJpeg(1));
    setRoot(`${directory}:${up}`);
    expect((await spool.enqueue({ source: "cat.jpg", outputs: OUTPUTS })).outputs).toEqual(SIZES);
    setRoot(up);
    expect((await spool.enqueue({ source: "cat.jpg", outputs: OUTPUTS })).outputs).toEqual(FILES);
  });

  it("have no sizes when nobody wants them, and then the source is not opened", async () => {
    const { directory, up } = await project();
    await writeFile(join(up, "cat.jpg"), await turnedJpeg(6));
    const recorder = record(directory);
    const spool = await openSpool(join(directory, "spool"), recorder.system);
    expect((await spool.enqueue({ source: "cat.jpg", outputs: OUTPUTS }, { sizes: false })).outputs).toEqual(FILES);
    expect(recorder.calls().filter((call) => call.includes("up/") || call.includes("spoold.json"))).toEqual([]);
  });

  it("cost one descriptor and one read of a large source, and change nothing in how it is committed", async () => {
    const { directory, up } = await project();
    await writeFile(join(up, "cat.jpg"), await photographJpeg({ width: 2_000, height: 1_500 }));
    const recorder = record(directory);
    const spool = await openSpool(join(directory, "spool"), recorder.system);
    const lines = async (sizes: boolean): Promise<string[]> => {
      recorder.clear();
      await spool.enqueue({ source: "cat.jpg", outputs: OUTPUTS }, { sizes });
      return recorder.lines().map((line) => line.replace(/\d+/g, "N"));
    };
    await lines(false);
    expect(await lines(true)).toEqual(await lines(false));
    await lines(true);
    expect(recorder.calls().filter((call) => call.includes("up/"))).toEqual([
      "open up/cat.jpg",
      "read up/cat.jpg",
      "close up/cat.jpg",
    ]);
  });

  it("are told of a JPEG whose size stands behind a long profile", async () => {
    const { spool, up } = await project();
    const bytes = await turnedJpeg(1);
    const segment = Buffer.concat([Buffer.from([0xff, 0xe2, 0xff, 0xff]), Buffer.alloc(65_533)]);
    await writeFile(join(up, "cat.jpg"), Buffer.concat([bytes.subarray(0, 2), segment, segment, bytes.subarray(2)]));
    expect((await spool.enqueue({ source: "cat.jpg", outputs: OUTPUTS })).outputs).toEqual(SIZES);
  });

  it("never keep more than a few sources open, however many calls overlap", async () => {
    const { directory, up } = await project();
    await writeFile(join(up, "cat.jpg"), await turnedJpeg(1));
    let [open, most] = [0, 0];
    const { system } = record(directory, (text) => {
      if (text === "open up/cat.jpg") most = Math.max(most, ++open);
      if (text === "close up/cat.jpg") open -= 1;
    });
    const spool = await openSpool(join(directory, "spool"), system);
    const tickets = await Promise.all(
      Array.from({ length: 300 }, () => spool.enqueue({ source: "cat.jpg", outputs: OUTPUTS })),
    );
    expect(tickets.map(({ number }) => number)).toEqual(Array.from({ length: 300 }, (_none, index) => index + 1));
    for (const { outputs } of tickets) expect(outputs).toEqual(SIZES);
    expect([open, most <= 16]).toEqual([0, true]);
  });
});

describe("an enqueue whose sizes cannot be told", () => {
  it.each<[string, (path: string) => unknown]>([
    ["there is no source", () => undefined],
    ["it is a directory", (path) => mkdir(path)],
    ["it is a pipe that nobody writes into", (path) => execFileSync("env", ["mkfifo", path])],
    ["it is a link into the void", (path) => symlink("/nowhere", path)],
    ["it is an endless device", (path) => symlink("/dev/zero", path)],
    ["it is no picture", (path) => writeFile(path, "text")],
    ["it is empty", (path) => writeFile(path, "")],
  ])("is done all the same when %s", async (_why, place) => {
    const { spool, up } = await project();
    await place(join(up, "cat.jpg"));
    const ticket = await spool.enqueue({ source: "cat.jpg", outputs: OUTPUTS });
    expect(ticket).toMatchObject({ number: 1, outputs: FILES });
    expect(await names(layoutOf(spool.directory).tasks)).toEqual(["1.json"]);
  });

  it("is done all the same when the settings are wrong or the disk does not answer", async () => {
    const { directory, up } = await project();
    await writeFile(join(up, "cat.jpg"), await turnedJpeg(1));
    const { system } = record(directory, (text) => {
      if (text.includes("up/cat.jpg")) throw errno("EIO");
    });
    const spool = await openSpool(join(directory, "spool"), system);
    expect((await spool.enqueue({ source: "cat.jpg", outputs: OUTPUTS })).outputs).toEqual(FILES);
    for (const wrong of ["{", '{"roots":7}', '{"rots":[]}']) {
      await writeFile(join(directory, "spool/spoold.json"), wrong);
      expect((await spool.enqueue({ source: "cat.jpg", outputs: OUTPUTS })).outputs).toEqual(FILES);
    }
  });
});
