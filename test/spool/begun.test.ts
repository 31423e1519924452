import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { createBegunMarks, readBegunMarks } from "../../src/spool/begun.ts";
import { layoutOf } from "../../src/spool/layout.ts";
import { realSystem } from "../../src/system.ts";
import { newDirectory } from "../support/directories.ts";
import { errno, record } from "../support/recorder.ts";

const system = realSystem();
let layout: ReturnType<typeof layoutOf>;

beforeEach(async () => {
  layout = layoutOf(await newDirectory());
  await mkdir(layout.run);
});

describe("marks of what has begun", () => {
  it("tell the next start the last attempt that each worker was at", async () => {
    await mark([0, 42, 1], [1, 7, 3], [0, 1234567, 2]);
    const hasBegun = await readBegunMarks(system, layout);
    expect(hasBegun({ number: 1234567, attempt: 2 })).toBe(true);
    expect(hasBegun({ number: 7, attempt: 3 })).toBe(true);
    expect(hasBegun({ number: 42, attempt: 1 })).toBe(false);
    expect(hasBegun({ number: 7, attempt: 1 })).toBe(false);
  });

  it("of a worker are read though those before it have begun nothing", async () => {
    await mark([2, 42, 1]);
    expect((await readBegunMarks(system, layout))({ number: 42, attempt: 1 })).toBe(true);
    expect((await readBegunMarks(system, layout))({ number: 42, attempt: 2 })).toBe(false);
  });

  it("stand until the next daemon makes its first", async () => {
    await mark([0, 42, 1]);
    const marks = createBegunMarks(system, layout);
    expect((await readBegunMarks(system, layout))({ number: 42, attempt: 1 })).toBe(true);
    await marks.mark(0, { number: 43, attempt: 1 });
    await marks.close();
    expect((await readBegunMarks(system, layout))({ number: 42, attempt: 1 })).toBe(false);
  });

  it("say that everything may have begun when they are missing, or from before the machine booted", async () => {
    expect((await readBegunMarks(system, layout))({ number: 1, attempt: 1 })).toBe(true);
    await mark([0, 42, 1]);
    const text = await readFile(join(layout.run, "begun"), "latin1");
    await writeFile(join(layout.run, "begun"), text.replace(/^boot \S{8}/, "boot 00000000"));
    expect((await readBegunMarks(system, layout))({ number: 1, attempt: 1 })).toBe(true);
  });

  it("that cannot be written are made once there is room again, and closing them is no error", async () => {
    let isFull = true;
    const recorder = record(layout.root, (text) => {
      if (isFull && text === "write run/begun") throw errno("ENOSPC");
    });
    const marks = createBegunMarks(recorder.system, layout);
    await expect(marks.mark(0, { number: 42, attempt: 1 })).rejects.toMatchObject({ code: "ENOSPC" });
    await marks.close();
    isFull = false;
    await marks.mark(0, { number: 43, attempt: 1 });
    await marks.close();
    // No descriptor is left open of those that were opened.
    const calls = recorder.calls().map((call) => call.split(" ")[0]);
    expect(calls.filter((call) => call === "open")).toHaveLength(2);
    expect(calls.filter((call) => call === "close")).toHaveLength(2);
    expect((await readBegunMarks(system, layout))({ number: 43, attempt: 1 })).toBe(true);
  });

  it("are not written through a link that somebody put there", async () => {
    await writeFile(join(layout.root, "victim"), "untouched");
    await symlink("../victim", join(layout.run, "begun"));
    await expect(mark([0, 42, 1])).rejects.toMatchObject({ code: "ELOOP" });
    expect(await readFile(join(layout.root, "victim"), "utf8")).toBe("untouched");
  });
});

async function mark(...entries: readonly (readonly [place: number, number: number, attempt: number])[]): Promise<void> {
  const marks = createBegunMarks(system, layout);
  for (const [place, number, attempt] of entries) await marks.mark(place, { number, attempt });
  await marks.close();
}
