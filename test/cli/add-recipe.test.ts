import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { jsonLines, spoold } from "../support/cli.ts";
import { freshDirectory } from "../support/daemon.ts";

const CAT = ["--source", "up/cat.jpg", "--recipe", "gallery"];

describe("spoold add with a recipe", () => {
  it("enqueues what the recipe makes of a picture, and tells the final paths with --json", async () => {
    const directory = await freshDirectory();
    const vars = ["--set", "album=a=b", "--set", "quality=70"];
    const about = ["--supplicant", "alice", "--summary", "holiday", "--priority", "5"];
    const { code, stdout } = await spoold(directory, ["add", "--json", ...CAT, ...vars, ...about]);
    expect(code).toBe(0);
    const files = ["1600", "800", "400", "thumb"].map((size) => `gallery/a=b/cat-${size}.jpg`);
    expect(jsonLines(stdout)).toEqual([{ number: 1, outputs: files.map((file) => ({ file })) }]);
    const task = JSON.parse(await readFile(join(directory, "spool/tasks/1.p5.json"), "utf8"));
    expect(task).toMatchObject({
      supplicant: "alice",
      summary: "holiday",
      priority: 5,
      outputs: [{ quality: 70 }, {}, {}, {}],
    });
  });

  it("takes the last value of a word that is set twice, and an empty one", async () => {
    const directory = await freshDirectory();
    const { stdout } = await spoold(directory, ["add", "--json", ...CAT, "--set", "album=x", "--set", "album="]);
    expect(jsonLines(stdout)[0]?.["outputs"]).toContainEqual({ file: "gallery/cat-800.jpg" });
  });

  it("takes task files that name a recipe, and the spool's own recipes", async () => {
    const directory = await freshDirectory();
    await mkdir(join(directory, "spool/recipes"), { recursive: true });
    await writeFile(
      join(directory, "spool/recipes/tiny.json"),
      '{"outputs":[{"file":"{name}-{width}.png","width":8}]}',
    );
    const input = '{"source":"cat.jpg","recipe":"tiny"}';
    expect((await spoold(directory, ["add", "--json"], { input })).stdout).toBe(
      '{"number":1,"outputs":[{"file":"cat-8.png"}]}\n',
    );
  });

  it("enqueues a task file of a spool once more as it is, whatever its files are called", async () => {
    const directory = await freshDirectory();
    expect((await spoold(directory, ["add", "--source", "{key}.jpg", "--recipe", "avatar"])).code).toBe(0);
    expect((await spoold(directory, ["add", "spool/tasks/1.json"])).stdout).toBe("2\n");
    const [first, second] = await Promise.all(
      [1, 2].map((number) => readFile(join(directory, `spool/tasks/${number}.json`), "utf8")),
    );
    expect(second).toBe(first);
  });

  it("names the recipes there are when there is none of that name, and makes no spool", async () => {
    const directory = await freshDirectory();
    const { code, stderr } = await spoold(directory, ["add", "--source", "a.jpg", "--recipe", "galery"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /recipe galery, nearest gallery, known "avatar, deepzoom, gallery, web"\) \[RECIPE_MISSING\]/,
    );
    expect(await readdir(directory)).toEqual([]);
  });

  it("tells of each fault whether it is in the task or in the recipe", async () => {
    const directory = await freshDirectory();
    const wrong = await spoold(directory, ["add", ...CAT, "--set", "albun=x", "--set", "quality=high"]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr.split("\n").filter((line) => line.startsWith("  /"))).toEqual([
      '  /vars/albun: expected one of album, quality, got "x" (did you mean "album"?)',
      '  /vars/quality: expected a number, got "high"',
    ]);
    const outside = await spoold(directory, ["add", ...CAT, "--set", "album=../../etc"]);
    expect(outside.stderr).toContain(
      '  recipes/gallery.json /outputs/0/file: expected a path below the first root, with no .. from a value, got "gallery/../../etc/cat-1600.jpg"\n',
    );
    expect(await readdir(directory)).toEqual([]);
  });

  it.each([
    [["--source", "a.jpg"]],
    [["--recipe", "web"]],
    [["--set", "a=b"]],
    [["--summary", "x", "task.json"]],
    [[...CAT, "task.json"]],
    [[...CAT, "--set", "album"]],
    [[...CAT, "--set", "=x"]],
    [[...CAT, "--priority", "101"]],
    [[...CAT, "--priority", "-1"]],
    [["--source", "", "--recipe", "web"]],
  ])("refuses %j", async (args) => {
    const directory = await freshDirectory();
    const { code, stdout } = await spoold(directory, ["add", ...args]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(await readdir(directory)).toEqual([]);
  });
});
