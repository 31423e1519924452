import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { System } from "../../src/system.ts";
import { filesByState, names, newSpool, numbererOf, put, startCompanion } from "../support/directories.ts";
import { type Before, failing, record } from "../support/recorder.ts";
import { DROP, TASK_BYTES } from "./task.ts";

const PRODUCER = new URL("./producer-process.ts", import.meta.url);
const TASK_FILE = { bytes: TASK_BYTES, priority: 0 };

async function faultySpool(before: Before) {
  const layout = await newSpool();
  const recorder = record(layout.root, before);
  return { layout, recorder, committer: numbererOf(layout, recorder.system) };
}

describe("a committed task", () => {
  it("lies in tasks/ under its number and priority, byte for byte, and nothing is left in tmp/", async () => {
    const layout = await newSpool();
    const committer = numbererOf(layout);
    expect(await committer.commit(TASK_FILE)).toBe(1);
    expect(await committer.commit({ ...TASK_FILE, priority: 9 })).toBe(2);
    expect(await names(layout.tasks)).toEqual(["1.json", "2.p9.json"]);
    expect(await readFile(join(layout.tasks, "1.json"))).toEqual(TASK_BYTES);
    expect(await names(layout.tmp)).toEqual([]);
  });

  it("costs no fsync when it need not be durable, and one that must be durable pays its own", async () => {
    const { recorder, committer } = await faultySpool(() => undefined);
    const fsyncs = (): string[] => recorder.lines().filter((line) => line.startsWith("fsync"));
    expect(await committer.commit({ ...TASK_FILE, isDurable: false })).toBe(1);
    expect(fsyncs()).toEqual([]);
    await Promise.all([true, false].map((isDurable) => committer.commit({ ...TASK_FILE, isDurable })));
    expect(fsyncs()).toEqual([expect.stringContaining("tmp/"), "fsync tasks"]);
  });

  it("gets numbers in the order of overlapping calls, beyond one group too", async () => {
    let open = 0;
    let most = 0;
    const { committer } = await faultySpool((text) => {
      if (text.startsWith("create tmp/")) most = Math.max(most, ++open);
      if (text.startsWith("close tmp/")) open -= 1;
    });
    const numbers = await Promise.all(Array.from({ length: 900 }, () => committer.commit(TASK_FILE)));
    expect(numbers).toEqual(Array.from({ length: 900 }, (_none, index) => index + 1));
    // However many calls overlap, they never use up the descriptors of a process.
    expect(most).toBeLessThanOrEqual(512);
  });

  it("has a number of its own under four producer processes, rising in each of them", async () => {
    const layout = await newSpool();
    const producers = [1, 2, 3, 4].map(() => startCompanion(PRODUCER, [layout.root, "enqueue", "100"]));
    const sent = await Promise.all(producers.map((producer) => producer.next()));
    const given = sent.map(({ numbers }) => numbers as number[]);
    for (const numbers of given) expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(given.flat()).size).toBe(400);
    expect(given.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_none, index) => index + 1));
    expect(await names(layout.tasks)).toHaveLength(400);
  });

  it("never replaces a file that a person has dropped under the next number", async () => {
    const layout = await newSpool();
    await put(join(layout.tasks, "1.json"), "by hand");
    await put(join(layout.tasks, "2.json"), "by hand too");
    expect(await numbererOf(layout).commit(TASK_FILE)).toBe(3);
    expect(await readFile(join(layout.tasks, "1.json"), "utf8")).toBe("by hand");
    expect(await readFile(join(layout.tasks, "2.json"), "utf8")).toBe("by hand too");
  });

  it("costs the same number of calls with 0 and with 2,000 waiting, and lists no state", async () => {
    const layout = await newSpool();
    const cost = async (): Promise<string[]> => {
      const recorder = record(layout.root);
      const committer = numbererOf(layout, recorder.system);
      await committer.commit(TASK_FILE); // the first call of a process learns the sequence
      await committer.commit(TASK_FILE);
      return recorder.calls().map((call) => call.replace(/\d+(?=\.json| |$)/g, "N"));
    };
    await numbererOf(layout).commit(TASK_FILE);
    const alone = await cost();
    await Promise.all(Array.from({ length: 2_000 }, (_none, index) => put(join(layout.tasks, `w${index}.json`), DROP)));
    expect(await cost()).toEqual(alone);
    expect(alone.filter((call) => /^(readdir|opendir) (?!run$)/.test(call))).toEqual([]);
  });

  it("is resolved even when the fsync of tasks/ fails, once the daemon has claimed it", async () => {
    const layout = await newSpool();
    const { system } = record(layout.root, async (text) => {
      if (text !== "fsync tasks") return;
      await rename(join(layout.tasks, "1.json"), join(layout.active, "1.a1.json"));
      throw Object.assign(new Error("EIO"), { code: "EIO" });
    });
    expect(await numbererOf(layout, system).commit(TASK_FILE)).toBe(1);
    expect(await filesByState(layout)).toEqual(["active/1.a1.json"]);
    expect(await names(layout.tmp)).toEqual([]);
  });
});

describe("a commit that fails", () => {
  const faults: Readonly<Record<string, (text: string) => boolean>> = {
    "creating the file": (text) => text.startsWith("create tmp/"),
    "writing the file": (text) => text.startsWith("write tmp/"),
    "fsync of the file": (text) => text.startsWith("fsync tmp/"),
    "giving a number": (text) => text.startsWith("rename run/sequence"),
    "the link": (text) => text.startsWith("link "),
    "fsync of tasks/": (text) => text === "fsync tasks",
  };

  for (const [what, condition] of Object.entries(faults)) {
    it(`at ${what} is rejected, and nothing was queued`, async () => {
      const { layout, committer } = await faultySpool(failing("EIO", condition));
      await expect(committer.commit(TASK_FILE)).rejects.toMatchObject({ code: "IO_ERROR" });
      expect(await filesByState(layout)).toEqual([]);
      expect(await names(layout.tmp)).toEqual([]);
      expect(await names(layout.run)).not.toContain("add.lock");
    });
  }

  it("says DISK_FULL or DISK_READ_ONLY when that is why, with the cause", async () => {
    for (const [code, expected] of [
      ["ENOSPC", "DISK_FULL"],
      ["EDQUOT", "DISK_FULL"],
      ["EROFS", "DISK_READ_ONLY"],
    ] as const) {
      for (const condition of Object.values(faults)) {
        const { layout, committer } = await faultySpool(failing(code, condition));
        await expect(committer.commit(TASK_FILE)).rejects.toMatchObject({ code: expected, cause: { code } });
        expect(await filesByState(layout)).toEqual([]);
      }
    }
  });

  it("fails alone: calls that overlap with it are committed", async () => {
    let writes = 0;
    const { layout, committer } = await faultySpool((text) => {
      if (text.startsWith("fsync tmp/") && ++writes === 2) throw Object.assign(new Error("EIO"), { code: "EIO" });
    });
    const ends = await Promise.allSettled([1, 2, 3].map(() => committer.commit(TASK_FILE)));
    expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(await names(layout.tasks)).toEqual(["1.json", "2.json"]);
  });

  it("takes back the whole group when one link fails, and those after it go on", async () => {
    let links = 0;
    const { layout, committer } = await faultySpool((text) => {
      if (text.startsWith("link ") && ++links === 2) throw Object.assign(new Error("EIO"), { code: "EIO" });
    });
    const ends = await Promise.allSettled([1, 2, 3].map(() => committer.commit(TASK_FILE)));
    expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(await filesByState(layout)).toEqual([]);
    const next = await committer.commit(TASK_FILE);
    expect(await names(layout.tasks)).toEqual([`${next}.json`]);
  });

  it("stays committed when only the clearing away of its temporary fails", async () => {
    const { layout, committer } = await faultySpool(failing("EIO", (text) => text.startsWith("unlink tmp/")));
    expect(await committer.commit(TASK_FILE)).toBe(1);
    expect(await names(layout.tasks)).toEqual(["1.json"]);
  });
});

describe("a wanted number", () => {
  const wanting = (system?: System) => async (layout: Awaited<ReturnType<typeof newSpool>>, wanted: number) =>
    numbererOf(layout, system).commit({ ...TASK_FILE, wanted });

  it("is given when it is free, and raises the sequence", async () => {
    const layout = await newSpool();
    expect(await wanting()(layout, 42)).toBe(42);
    expect(await numbererOf(layout).commit(TASK_FILE)).toBe(43);
  });

  it("is replaced by the next free one when any state holds it", async () => {
    const held = ["tasks/7.json", "tasks/7.p3.json", "active/7.a1.json", "deferred/99.7.a2.json", "held/7.json"];
    for (const place of [...held, "failed/7.json", "done/7.json"]) {
      const layout = await newSpool();
      for (let count = 0; count < 9; count++) await numbererOf(layout).commit(TASK_FILE);
      for (const name of await names(layout.tasks)) await rename(join(layout.tasks, name), join(layout.held, name));
      await rename(join(layout.held, "7.json"), join(layout.root, place));
      expect(await wanting()(layout, 7), place).toBe(10);
      await expect(readFile(join(layout.root, place)), place).resolves.toEqual(TASK_BYTES);
    }
  });

  it("that is absurdly high is given once, and does not drag the sequence up", async () => {
    const layout = await newSpool();
    const committer = numbererOf(layout);
    expect(await committer.commit({ ...TASK_FILE, wanted: 9_000_000_000, priority: 5 })).toBe(9_000_000_000);
    expect(await committer.commit({ ...TASK_FILE, wanted: 9_000_000_000 })).toBe(1);
    expect(await committer.commit(TASK_FILE)).toBe(2);
  });
});
