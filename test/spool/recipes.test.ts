import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { takeIn } from "../../src/spool/intake.ts";
import { type Layout, layoutOf } from "../../src/spool/layout.ts";
import { openSpool, renderToTask } from "../../src/spool/spool.ts";
import { readTaskFile } from "../../src/spool/task-file.ts";
import { realSystem } from "../../src/system.ts";
import { hasOwnKey } from "../../src/task/key.ts";
import { committerOf, names, newDirectory, put, readJson } from "../support/directories.ts";
import { failing, record } from "../support/recorder.ts";

const real = realSystem();
const SIZES = ["1600", "800", "400", "thumb"];

async function opened() {
  const spool = await openSpool(join(await newDirectory(), "spool"));
  return { spool, layout: layoutOf(spool.directory) };
}

function placeRecipe(layout: Layout, name: string, recipe: object | string): Promise<string> {
  return put(join(layout.recipes, `${name}.json`), typeof recipe === "string" ? recipe : JSON.stringify(recipe));
}

async function take(layout: Layout, name: string, content: object) {
  const file = await readTaskFile(real, await put(join(layout.tasks, name), JSON.stringify(content)));
  if (file.kind === "unreadable") throw new Error(file.because);
  return takeIn({ system: real, layout, committer: committerOf(layout) }, name, file);
}

describe("a task that names a recipe", () => {
  it("is committed as a plain task, whose final paths the ticket tells", async () => {
    const { spool, layout } = await opened();
    const ticket = await spool.enqueue({
      ...{ source: "up/cat.jpg", recipe: "gallery", vars: { album: "summer", quality: 70 } },
      ...{ supplicant: "alice", priority: 5 },
    });
    expect(ticket.outputs).toEqual(SIZES.map((size) => ({ file: `gallery/summer/cat-${size}.jpg` })));
    const task = await readJson(join(layout.tasks, "1.p5.json"));
    expect(Object.keys(task as object).toSorted()).toEqual(
      ["key", "outputs", "priority", "source", "summary", "supplicant"].toSorted(),
    );
    expect(task).toMatchObject({ supplicant: "alice", summary: "gallery sizes for cat.jpg", priority: 5 });
    expect(task).toMatchObject({ outputs: SIZES.map(() => ({ quality: 70 })) });
  });

  it("takes the spool's own recipe before the one of that name that comes with the package", async () => {
    const { spool, layout } = await opened();
    await placeRecipe(layout, "gallery", { outputs: [{ file: "own/{name}.webp" }] });
    expect((await spool.enqueue({ source: "cat.jpg", recipe: "gallery" })).outputs).toEqual([{ file: "own/cat.webp" }]);
    expect((await spool.enqueue({ source: "cat.jpg", recipe: "avatar" })).outputs).toHaveLength(4);
  });

  it("takes the recipe as it is at that moment: a change is for later tasks", async () => {
    const { spool, layout } = await opened();
    for (const width of [10, 20]) {
      await placeRecipe(layout, "one", { outputs: [{ file: "{name}-{width}.jpg", width }] });
      await spool.enqueue({ source: "cat.jpg", recipe: "one" });
    }
    for (const [number, width] of [[1, 10] as const, [2, 20] as const]) {
      const outputs = [{ file: `cat-${width}.jpg`, width }];
      expect(await readJson(join(layout.tasks, `${number}.json`))).toMatchObject({ outputs });
    }
  });

  it("gets its number in the order of calls, also when reading its recipe takes longer than theirs", async () => {
    const { spool } = await opened();
    const plain = (name: string) => spool.enqueue({ source: "cat.jpg", outputs: [{ file: `${name}.jpg` }] });
    const calls = [
      spool.enqueue({ source: "cat.jpg", recipe: "web" }),
      plain("a"),
      spool.enqueue({ source: "cat.jpg", recipe: "nothing-like-it" }),
      plain("b"),
      spool.enqueue({ source: "cat.jpg", recipe: "gallery" }),
      plain("c"),
    ];
    const ends = await Promise.allSettled(calls);
    const numbers = ends.map((end) => (end.status === "fulfilled" ? end.value.number : 0));
    expect(numbers).toEqual([1, 2, 0, 3, 4, 5]);
  });

  it("is not changed any more by who gave it, while its recipe is being read", async () => {
    const { spool } = await opened();
    const order = { source: "cat.jpg", recipe: "gallery", vars: { album: "before" } };
    const enqueuing = spool.enqueue(order);
    order.vars.album = "after";
    order.source = "dog.jpg";
    expect((await enqueuing).outputs[0]).toEqual({ file: "gallery/before/cat-1600.jpg" });
  });

  it("may not grow beyond what is read again", async () => {
    const { spool, layout } = await opened();
    const outputs = Array.from({ length: 40 }, (_none, index) => ({ file: `{v}/${index}.jpg` }));
    await placeRecipe(layout, "many", { vars: { v: "" }, outputs });
    const order = { source: "a.jpg", recipe: "many", vars: { v: "x".repeat(4_000) } };
    await expect(spool.enqueue(order)).rejects.toMatchObject({ code: "TASK_TOO_LARGE" });
    expect(await take(layout, "a.json", order)).toMatchObject({ kind: "rejected", error: { code: "TASK_TOO_LARGE" } });
    expect(await names(layout.tasks)).toEqual([]);
  });
});

describe("a recipe that is not there", () => {
  it("is told with the nearest name and all there are, the spool's own and the package's", async () => {
    const { spool, layout } = await opened();
    const missing = { code: "RECIPE_MISSING", exitCode: 2 };
    const facts = { recipe: "galery", nearest: "gallery", known: "avatar, deepzoom, gallery, web" };
    await expect(spool.enqueue({ source: "a.jpg", recipe: "galery" })).rejects.toMatchObject({ ...missing, facts });
    await placeRecipe(layout, "mine", "{}");
    await placeRecipe(layout, "No Recipe", "{}");
    await expect(spool.renderToTask("mien", { source: "a.jpg" })).rejects.toMatchObject({
      ...missing,
      facts: { recipe: "mien", nearest: "mine", known: "avatar, deepzoom, gallery, mine, web" },
    });
    expect(await names(layout.tasks)).toEqual([]);
  });

  it("cannot be reached by a name that is a path", async () => {
    const { spool, layout } = await opened();
    await put(join(layout.root, "x.json"), JSON.stringify({ outputs: [{ file: "a.jpg" }] }));
    for (const recipe of ["../x", "x/../../x", "/x", "", ".", "X", "a b", "-x", "x".repeat(65)]) {
      const facts = { faults: [expect.objectContaining({ pointer: "/recipe" })] };
      await expect(spool.enqueue({ source: "a.jpg", recipe })).rejects.toMatchObject({ code: "TASK_INVALID", facts });
    }
  });
});

describe("a recipe that cannot be read", () => {
  it.each<[string, (path: string) => Promise<unknown>, object]>([
    ["no JSON", (path) => writeFile(path, "{"), { expected: "one JSON object" }],
    ["too large", (path) => writeFile(path, " ".repeat(70_000)), { received: "70000 bytes" }],
    ["a directory", (path) => mkdir(path), { received: "not a regular file" }],
    ["a link", (path) => symlink("/dev/zero", path), { received: "ELOOP" }],
  ])("because it is %s is told, and the package's own does not take its place", async (_what, place, fault) => {
    const { spool, layout } = await opened();
    await mkdir(layout.recipes);
    await place(join(layout.recipes, "web.json"));
    const facts = { faults: [expect.objectContaining({ recipe: "web", pointer: "", ...fault })] };
    await expect(spool.enqueue({ source: "a", recipe: "web" })).rejects.toMatchObject({ code: "TASK_INVALID", facts });
  });

  it("because the machine is at fault is an error of the machine: a drop stays where it is", async () => {
    const { layout } = await opened();
    await placeRecipe(layout, "one", { outputs: [{ file: "a.jpg" }] });
    const { system } = record(
      layout.root,
      failing("EIO", (text) => text.startsWith("open recipes/")),
    );
    const spool = await openSpool(layout.root, system);
    await expect(spool.enqueue({ source: "a", recipe: "one" })).rejects.toMatchObject({ code: "IO_ERROR" });
    const path = await put(join(layout.tasks, "a.json"), JSON.stringify({ source: "a", recipe: "one" }));
    const file = await readTaskFile(real, path);
    if (file.kind === "unreadable") throw new Error(file.because);
    const context = { system, layout, committer: committerOf(layout, system) };
    await expect(takeIn(context, "a.json", file)).rejects.toMatchObject({ code: "EIO" });
    expect(await names(layout.tasks)).toEqual(["a.json"]);
  });
});

describe("a drop that names a recipe", () => {
  it("becomes a plain task under its own number", async () => {
    const { layout } = await opened();
    const intake = await take(layout, "42.json", { source: "up/cat.jpg", recipe: "gallery", vars: { album: "a" } });
    expect(intake).toMatchObject({ kind: "accepted", number: 42, task: { summary: "gallery sizes for cat.jpg" } });
    const task = await readTaskFile(real, join(layout.tasks, "42.json"));
    expect(task).toMatchObject({
      kind: "committed",
      task: { outputs: [{ file: "gallery/a/cat-1600.jpg" }, {}, {}, {}] },
    });
  });

  it("has the recipe's priority when neither it nor its name has one", async () => {
    const { layout } = await opened();
    await placeRecipe(layout, "one", { priority: 7, outputs: [{ file: "{name}.png" }] });
    await take(layout, "a.json", { source: "cat.jpg", recipe: "one" });
    await take(layout, "b.json", { source: "dog.jpg", recipe: "one", priority: 2 });
    expect(await names(layout.tasks)).toEqual(["1.p7.json", "2.p2.json"]);
  });

  it("goes to rejected/ with the reason when the recipe or a var is wrong", async () => {
    const { layout } = await opened();
    await take(layout, "a.json", { source: "cat.jpg", recipe: "galery" });
    await take(layout, "b.json", { source: "cat.jpg", recipe: "gallery", vars: { album: "../.." } });
    expect(await readJson(join(layout.rejected, "a.json.reason.json"))).toMatchObject({
      error: { code: "RECIPE_MISSING", facts: { known: "avatar, deepzoom, gallery, web" } },
    });
    expect(await readJson(join(layout.rejected, "b.json.reason.json"))).toMatchObject({
      error: {
        code: "TASK_INVALID",
        facts: { faults: [{ recipe: "gallery", pointer: "/outputs/0/file" }, {}, {}, {}] },
      },
    });
  });

  it("that enqueue wrote is not filled in again, whatever its files are called", async () => {
    const { spool, layout } = await opened();
    await spool.enqueue({ source: "{key}.jpg", recipe: "gallery" });
    const written = JSON.parse(await readFile(join(layout.tasks, "1.json"), "utf8"));
    expect(await take(layout, "again.json", written)).toMatchObject({ kind: "accepted", number: 2, task: written });
  });
});

describe("renderToTask", () => {
  it("tells the task that enqueue would commit, queues nothing and makes no spool", async () => {
    const before = process.env["SPOOLD_DIR"];
    onTestFinished(() => {
      if (before === undefined) delete process.env["SPOOLD_DIR"];
      else process.env["SPOOLD_DIR"] = before;
    });
    const directory = await newDirectory();
    process.env["SPOOLD_DIR"] = join(directory, "none");
    const task = await renderToTask("avatar", { source: "{me}.jpg", vars: { to: "faces" } });
    expect(task.outputs[0]).toMatchObject({ file: "faces/{me}-512.webp", width: 512, height: 512 });
    expect(hasOwnKey(task)).toBe(true);
    expect(await names(directory)).toEqual([]);
    const spool = await openSpool(join(directory, "spool"));
    expect(await spool.renderToTask("avatar", { source: "{me}.jpg", vars: { to: "faces" } })).toEqual(task);
    await spool.enqueue(task);
    expect(await readJson(join(spool.directory, "tasks/1.json"))).toEqual(task);
  });

  it("rejects as enqueue does", async () => {
    const { spool } = await opened();
    await expect(spool.renderToTask("none", { source: "a" })).rejects.toMatchObject({ code: "RECIPE_MISSING" });
    await expect(spool.renderToTask("web", { source: "" })).rejects.toMatchObject({ code: "TASK_INVALID" });
  });
});
