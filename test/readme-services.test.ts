import { spawn } from "node:child_process";
import { readFile, realpath, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { shell } from "./support/cli.ts";
import { until } from "./support/daemon.ts";
import { freshProject, REPOSITORY } from "./support/project.ts";
import { block, table } from "./support/readme.ts";
import { spoolIn } from "./support/spool.ts";
import { parseUnit } from "./support/unit-file.ts";

describe("README's table of", () => {
  it("options of what starts a daemon has all that there are", async () => {
    const sources = ["src/spool/autostart.ts", "src/web/middleware.ts"].map((file) => readFile(file, "utf8"));
    const options = (await Promise.all(sources)).flatMap((text) => {
      const [, members = ""] = /export interface \w+Options[^{]*\{\n(.*?)^\}/ms.exec(text) ?? [];
      return [...members.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name]) => `\`${name}\``);
    });
    expect(
      table("Without a daemon of your own")
        .map(([name]) => name)
        .toSorted(),
    ).toEqual(options.toSorted());
  });
});

describe("README's example for", () => {
  it("systemd prints a unit for the directory in which it is run", async () => {
    const { directory, path } = await freshProject();
    const { code, stderr } = await shell(directory, block("sh systemd"), path);
    expect([code, stderr]).toEqual([0, ""]);
    const unit = parseUnit(await readFile(join(directory, "spoold.service"), "utf8"));
    expect(unit.get("Service.WorkingDirectory")).toEqual([await realpath(directory)]);
    expect(unit.get("Service.User")).toEqual(["gallery"]);
    expect(unit.get("Service.KillMode")).toEqual(["mixed"]);
  });

  it("work without a daemon of one's own has it done, from a program and from a web app", async () => {
    const { directory, path } = await freshProject();
    await symlink(join(REPOSITORY, "node_modules/express"), join(directory, "node_modules/express"));
    const spool = await spoolIn(directory);
    const logged = async () =>
      (await readFile(join(directory, "spoold.log"), "utf8")).match(/"daemon stopped"/g)?.length;
    await writeFile(join(directory, "autostart.mjs"), block("js autostart"));
    const ended = await shell(directory, `exec "${process.execPath}" autostart.mjs`, path);
    expect(ended).toEqual({ code: 0, stdout: "task 1 is on disk, and somebody comes for it\n", stderr: "" });
    await spool.ticket(1).done();
    await until(async () => (await logged()) === 1);
    await writeFile(join(directory, "app.mjs"), block("js express"));
    const port = await freePort();
    const env = { ...process.env, PORT: String(port) };
    const app = spawn(process.execPath, ["app.mjs"], { cwd: directory, env, stdio: "inherit" });
    onTestFinished(() => void app.kill());
    const answer = await until(() => fetch(`http://127.0.0.1:${port}/cats`, { method: "POST" }).catch(() => undefined));
    expect([answer.status, await answer.json()]).toEqual([202, { number: 2 }]);
    await spool.ticket(2).done();
    await until(async () => (await logged()) === 2);
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
