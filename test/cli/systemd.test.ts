import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Unit, type UnitWish, unitsOf } from "../../src/cli/units.ts";
import { shell, spoold } from "../support/cli.ts";
import { BIN } from "../support/daemon.ts";
import { newDirectory } from "../support/directories.ts";
import { commandWords, listWords, parseUnit, wholeValue } from "../support/unit-file.ts";

const PLAIN: UnitWish = {
  name: "spoold",
  style: "resident",
  isUser: false,
  account: "gallery",
  spool: "/srv/gallery/spool",
  roots: ["/srv/gallery"],
  logs: [],
  node: "/usr/bin/node",
  bin: "/usr/lib/node_modules/spoold/bin/spoold.js",
  timeoutMs: 120_000,
};

/** What means something to systemd, to a shell or to both. */
const STRANGE = `/srv/a b/50%c/$HOME \${X}/'q' "d"/\\n;#[x]/ä`;

const ANALYZE = hasAnalyze();

function hasAnalyze(): boolean {
  try {
    execFileSync("systemd-analyze", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** One value of a unit. */
function value(unit: Unit, name: string): string {
  const [first, ...more] = parseUnit(unit.text).get(name) ?? [];
  if (first === undefined || more.length > 0) throw new Error(`${unit.file} says ${name} ${more.length + 1} times`);
  return first;
}

function only(wish: Partial<UnitWish>, kind = "service"): Unit {
  const unit = unitsOf({ ...PLAIN, ...wish }).find(({ file }) => file.endsWith(`.${kind}`));
  if (unit === undefined) throw new Error(`there is no ${kind}`);
  return unit;
}

describe("the units of both styles, for the system and for a user,", () => {
  const all = (["resident", "path"] as const).flatMap((style) => [false, true].map((isUser) => ({ style, isUser })));

  it("say nothing that our own reader of systemd's syntax does not know, whatever is in their paths", () => {
    for (const wish of all) {
      for (const paths of [{}, { spool: `${STRANGE}/spool`, roots: [STRANGE], node: `${STRANGE}/node` }])
        for (const unit of unitsOf({ ...PLAIN, ...wish, ...paths }))
          expect(parseUnit(unit.text).size).toBeGreaterThan(3);
    }
    expect(() => parseUnit("[Service]\nExceStart=/bin/true")).toThrow("ExceStart");
    expect(() => listWords('"/a%b"')).toThrow("specifier");
    expect(() => commandWords("/bin/x $HOME")).toThrow("variable");
    expect(() => commandWords('/bin/x "a')).toThrow("quotes");
  });

  // Where there is no systemd to be asked, the title says so.
  it(
    ANALYZE ? "pass systemd-analyze verify without a word" : "were not shown to systemd-analyze: there is none here",
    async () => {
      if (!ANALYZE) return;
      const directory = await newDirectory();
      for (const [index, wish] of all.entries()) {
        const place = join(directory, String(index));
        await mkdir(place);
        // What it starts must be there.
        const units = unitsOf({ ...PLAIN, ...wish, name: `verify${index}`, node: process.execPath });
        for (const { file, text } of units) await writeFile(join(place, file), text);
        const manager = wish.isUser ? "--user" : "--system";
        const files = units.map(({ file }) => `"${join(place, file)}"`).join(" ");
        const run = `mkdir -p run && XDG_RUNTIME_DIR="$PWD/run" systemd-analyze ${manager} --man=no verify ${files}`;
        expect(await shell(directory, run)).toEqual({ code: 0, stdout: "", stderr: "" });
      }
      await writeFile(join(directory, "wrong.service"), "[Service]\nExecStart=/bin/true\nExceStart=/bin/true\n");
      expect(
        (await shell(directory, `systemd-analyze --man=no verify "${directory}/wrong.service" 2>&1`)).stdout,
      ).toContain("ExceStart");
    },
  );

  it("write paths so that systemd reads them as they are", () => {
    const strange = {
      spool: `${STRANGE}/spool`,
      roots: [STRANGE, `${STRANGE}2`],
      node: `${STRANGE}/node`,
      bin: `${STRANGE}/s.js`,
    };
    for (const wish of all) {
      const service = only({ ...wish, ...strange });
      expect(commandWords(value(service, "Service.ExecStart"))).toEqual([
        ...[strange.node, strange.bin, "start", "--spool", strange.spool],
        ...["--root", STRANGE, "--root", `${STRANGE}2`],
        ...(wish.style === "path" ? ["--until-empty"] : []),
      ]);
      expect(wholeValue(value(service, "Service.WorkingDirectory"))).toBe(STRANGE);
      if (!wish.isUser) expect(listWords(value(service, "Service.ReadWritePaths"))).toEqual([STRANGE, `${STRANGE}2`]);
    }
    const tasks = join(strange.spool, "tasks");
    expect(wholeValue(value(only({ style: "path", ...strange }, "path"), "Path.DirectoryNotEmpty"))).toBe(tasks);
    const conditions = parseUnit(only({ style: "path", ...strange }).text).get("Unit.ConditionDirectoryNotEmpty");
    expect(conditions?.map(wholeValue)).toEqual([
      tasks,
      join(strange.spool, "deferred"),
      join(strange.spool, "active"),
    ]);
  });

  it("leave V8, the killer of workers and the view into /proc as the daemon needs them", () => {
    for (const wish of all) {
      const said = parseUnit(only(wish).text);
      expect(said.get("Service.MemoryDenyWriteExecute")).toEqual(["no"]);
      expect(said.get("Service.OOMPolicy")).toEqual(["continue"]);
      expect(said.get("Service.NotifyAccess")).toEqual(["all"]);
      expect([...said.keys()].filter((key) => /Proc(Subset)?$/.test(key))).toEqual([]);
    }
  });
});

describe("a service", () => {
  it("may write into the spool, the roots and the places of its logs, and nowhere else", () => {
    const wish = { spool: "/var/spool/pictures", roots: ["/srv/a", "/srv/a/b", "/srv/ab"], logs: ["/var/log/spoold"] };
    const written = listWords(value(only(wish), "Service.ReadWritePaths"));
    expect(written).toEqual(["/var/spool/pictures", "/srv/a", "/srv/ab", "/var/log/spoold"]);
  });

  it.each([
    [{}, "yes", "yes"],
    [{ spool: "/home/alice/spool" }, "read-only", "yes"],
    [{ node: "/root/.nvm/node" }, "read-only", "yes"],
    [{ roots: ["/tmp/pictures"] }, "yes", "no"],
    [{ roots: ["/homes/alice", "/tmpfs"] }, "yes", "yes"],
  ])("sees /home and /tmp where it needs them: %j", (wish, home, temporary) => {
    const service = only(wish);
    expect([value(service, "Service.ProtectHome"), value(service, "Service.PrivateTmp")]).toEqual([home, temporary]);
  });

  it("is given longer to stop than an attempt may take", () => {
    expect(value(only({ timeoutMs: 600_500 }), "Service.TimeoutStopSec")).toBe("631");
  });
});

describe("spoold systemd", () => {
  it("prints one unit as it stands, or all of a style with what to do on standard error", async () => {
    const directory = await newDirectory();
    const args = ["systemd", "--style", "path", "--name", "gallery", "--account", "alice"];
    const all = await spoold(directory, args);
    expect(all.code).toBe(0);
    expect(all.stderr).toContain("systemctl enable --now gallery.path gallery.timer");
    const parts = all.stdout.split(/^(?=# \/etc\/systemd\/system\/)/m);
    expect(parts.map((part) => part.split("\n")[0])).toEqual(
      ["path", "timer", "service"].map((kind) => `# /etc/systemd/system/gallery.${kind}`),
    );
    const one = await spoold(directory, [...args, "gallery.service"]);
    expect(one).toEqual({ code: 0, stdout: parts[2], stderr: "" });
    const words = commandWords(value({ file: "", text: one.stdout }, "Service.ExecStart"));
    expect(words).toEqual([
      process.execPath,
      BIN,
      "start",
      "--spool",
      join(directory, "spool"),
      "--root",
      directory,
      "--until-empty",
    ]);
    expect(one.stdout).toContain("\nUser=alice\n");
  });

  it("knows the settings of the spool, and the manager of a user", async () => {
    const directory = await newDirectory();
    await mkdir(join(directory, "spool"));
    const settings = { roots: ["pictures"], timeoutMs: 1_000, logFile: "logs/log.txt" };
    await writeFile(join(directory, "spool/spoold.json"), JSON.stringify(settings));
    const { stdout } = await spoold(directory, ["systemd", "--account", "alice", "spoold.service"]);
    const unit = { file: "", text: stdout };
    expect(listWords(value(unit, "Service.ReadWritePaths"))).toEqual(
      ["spool", "pictures", "logs"].map((name) => join(directory, name)),
    );
    expect(value(unit, "Service.TimeoutStopSec")).toBe("31");
    const user = await spoold(directory, ["systemd", "--user"]);
    expect(user.stdout).toMatch(/^# ~\/\.config\/systemd\/user\/spoold\.service\n/);
    expect(user.stdout).not.toMatch(/^(User|ProtectSystem|ReadWritePaths)=/m);
    expect(user.stderr).toContain("loginctl enable-linger");
  });

  it.each([
    [["nothing.service"], 2, "spoold.service"],
    [["--style", "cron"], 2, "Allowed choices are resident, path"],
    [["--account", "a b"], 2, "a name has"],
    [["--name", "a/b"], 2, "a name has"],
    [["--spool", "a\nb"], 78, "[CONFIG_INVALID]"],
    [["--spool", "a\\"], 78, "[CONFIG_INVALID]"],
  ])("does not take %j", async (args, code, told) => {
    const ended = await spoold(await newDirectory(), ["systemd", ...args]);
    expect([ended.code, ended.stdout]).toEqual([code, ""]);
    expect(ended.stderr).toContain(told);
  });
});
