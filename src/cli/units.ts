import { join } from "node:path";
import { commandWord, programWord, unitWord, wholePath } from "./unit-words.ts";

/** What a spool's units are to say. Paths are absolute, links resolved. */
export interface UnitWish {
  /** The name of the units, without what follows the dot. */
  readonly name: string;
  /** `resident`: the daemon stays. `path`: it is started when tasks wait, and ends when none do. */
  readonly style: "resident" | "path";
  /** For the manager of one user instead of the system's. */
  readonly isUser: boolean;
  /** Under whose account the daemon runs; of no meaning to the manager of a user. */
  readonly account: string;
  readonly spool: string;
  readonly roots: readonly string[];
  /** Directories of its own log files. */
  readonly logs: readonly string[];
  readonly node: string;
  readonly bin: string;
  /** The deadline of an attempt, ms. */
  readonly timeoutMs: number;
}

/** A unit file: its name, and what it says. */
export interface Unit {
  readonly file: string;
  readonly text: string;
}

/** The units of a style, the one that is to be enabled first. */
export function unitsOf(wish: UnitWish): readonly Unit[] {
  if (wish.style === "resident") return [unit(wish, "service", residentService(wish))];
  return [
    unit(wish, "path", pathUnit(wish)),
    unit(wish, "timer", timerUnit(wish)),
    unit(wish, "service", wokenService(wish)),
  ];
}

/** The directories that the daemon must be able to write into, those that lie in others left out. */
export function writtenBy({ spool, roots, logs }: UnitWish): readonly string[] {
  const unique = [...new Set([spool, ...roots, ...logs])];
  return unique.filter((path) => !unique.some((other) => other !== path && isWithin(path, other)));
}

function unit({ name }: UnitWish, kind: string, lines: readonly string[]): Unit {
  return { file: `${name}.${kind}`, text: `${lines.join("\n")}\n` };
}

function residentService(wish: UnitWish): readonly string[] {
  return [
    ...head(wish, "spoold"),
    "",
    "[Service]",
    "Type=notify",
    ...alive(),
    ...place(wish),
    execStart(wish),
    "ExecReload=/bin/kill -HUP $MAINPID",
    "Restart=on-failure",
    "RestartSec=5",
    "# Wrong usage and wrong settings: another start does not help.",
    "RestartPreventExitStatus=2 78",
    ...ending(wish),
    ...hardening(wish),
    ...install(wish.isUser ? "default.target" : "multi-user.target"),
  ];
}

function wokenService(wish: UnitWish): readonly string[] {
  const { spool } = wish;
  return [
    ...head(wish, "spoold, while tasks wait"),
    "# Something waits, is due, was under way when the machine went down, or is to be enqueued.",
    ...["tasks", "deferred", "active"].map((state) => `ConditionDirectoryNotEmpty=|${wholePath(join(spool, state))}`),
    `ConditionPathExists=|${wholePath(join(spool, "schedule.json"))}`,
    "# Many small tasks mean many starts. With a limit systemd would give up waking.",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Type=exec",
    ...alive(),
    ...place(wish),
    "# It stays while anything lies in tasks/ that cannot be run yet. If it ended, it would be started again at once.",
    execStart(wish, "--until-empty"),
    "# A start that fails is tried again after a while, whatever the reason: tasks/ is not empty.",
    "Restart=on-failure",
    "RestartSec=30",
    ...ending(wish),
    ...hardening(wish),
  ];
}

function pathUnit({ name, spool }: UnitWish): readonly string[] {
  return [
    "[Unit]",
    `Description=Tasks in ${wholePath(spool)}`,
    "",
    "[Path]",
    `DirectoryNotEmpty=${wholePath(join(spool, "tasks"))}`,
    `Unit=${name}.service`,
    ...install("paths.target"),
  ];
}

function timerUnit({ name, spool }: UnitWish): readonly string[] {
  return [
    "[Unit]",
    `Description=Tasks in ${wholePath(spool)} that have become due`,
    "",
    "# Retries and tasks with a time wait in deferred/, which no path unit can watch for being due.",
    "[Timer]",
    "OnCalendar=minutely",
    "AccuracySec=5",
    `Unit=${name}.service`,
    ...install("timers.target"),
  ];
}

function head({ isUser, spool, roots }: UnitWish, what: string): readonly string[] {
  const mounts = `RequiresMountsFor=${[...new Set([spool, ...roots])].map(unitWord).join(" ")}`;
  return ["[Unit]", `Description=${what}: ${wholePath(spool)}`, ...(isUser ? [] : [mounts])];
}

function alive(): readonly string[] {
  return [
    "# Node has no sockets for datagrams: systemd-notify speaks for the daemon, as a process of its own.",
    "NotifyAccess=all",
    "# The main loop gives a sign of life every minute. One that hangs is killed and started again.",
    "WatchdogSec=120",
  ];
}

function place({ isUser, account, spool, roots }: UnitWish): readonly string[] {
  return [...(isUser ? [] : [`User=${account}`]), `WorkingDirectory=${wholePath(roots[0] ?? spool)}`];
}

function execStart({ node, bin, spool, roots }: UnitWish, ...words: readonly string[]): string {
  const flags = ["--spool", spool, ...roots.flatMap((root) => ["--root", root]), ...words];
  return `ExecStart=${[programWord(node), ...[bin, "start", ...flags].map(commandWord)].join(" ")}`;
}

function ending({ timeoutMs }: UnitWish): readonly string[] {
  return [
    "# SIGTERM to the daemon alone: workers end what they are at, within the deadline of an attempt.",
    "KillMode=mixed",
    `TimeoutStopSec=${Math.ceil(timeoutMs / 1_000) + 30}`,
    "# When memory runs out, a worker is killed before the daemon, and that is no reason to stop.",
    "OOMPolicy=continue",
  ];
}

function install(target: string): readonly string[] {
  return ["", "[Install]", `WantedBy=${target}`];
}

/** What the daemon can do without. The manager of a user may not do what needs a view of its own on the file system. */
function hardening(wish: UnitWish): readonly string[] {
  return [
    "",
    "# Pictures come from strangers.",
    "NoNewPrivileges=yes",
    ...(wish.isUser ? [] : ownView(wish)),
    "# Add AF_INET and AF_INET6 when handlers of yours call others.",
    "RestrictAddressFamilies=AF_UNIX",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallErrorNumber=EPERM",
    "# V8 makes machine code while it runs.",
    "MemoryDenyWriteExecute=no",
    "# Not ProtectProc= nor ProcSubset=: whether another daemon lives that owns the spool is seen in /proc.",
  ];
}

function ownView(wish: UnitWish): readonly string[] {
  const written = writtenBy(wish);
  const needed = [wish.node, wish.bin, ...written];
  const isIn = (...places: readonly string[]): boolean =>
    needed.some((path) => places.some((where) => isWithin(path, where)));
  return [
    "CapabilityBoundingSet=",
    "ProtectSystem=strict",
    `ReadWritePaths=${written.map(unitWord).join(" ")}`,
    // Its own program, its spool or its roots may lie in one of these places.
    `ProtectHome=${isIn("/home", "/root", "/run/user") ? "read-only" : "yes"}`,
    `PrivateTmp=${isIn("/tmp", "/var/tmp") ? "no" : "yes"}`,
    "PrivateDevices=yes",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "RemoveIPC=yes",
  ];
}

function isWithin(path: string, where: string): boolean {
  return path === where || path.startsWith(where.endsWith("/") ? where : `${where}/`);
}
