import { existsSync, realpathSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { SpooldError } from "../../errors.ts";
import type { CommonOptions } from "../options.ts";
import { printText, tell } from "../output.ts";
import { readSettings } from "../settings.ts";
import { isWritable } from "../unit-words.ts";
import { type Unit, type UnitWish, unitsOf, writtenBy } from "../units.ts";

interface SystemdOptions extends CommonOptions, Readonly<Record<string, unknown>> {
  readonly style: UnitWish["style"];
  readonly name: string;
  readonly user?: true;
  readonly account?: string;
}

/** Prints the units that run a daemon on the spool, or one of them: what it prints is a unit file as it stands. */
export async function systemd(file: string | undefined, options: SystemdOptions): Promise<number> {
  const wish = wishOf(options);
  const units = unitsOf(wish);
  const wanted = file === undefined ? units : units.filter((unit) => unit.file === file);
  if (wanted.length === 0)
    throw new SpooldError("USAGE", { unit: file, accepts: units.map((unit) => unit.file).join(" or ") });
  const place = wish.isUser ? "~/.config/systemd/user" : "/etc/systemd/system";
  printText(wanted.map((unit) => `# ${place}/${unit.file}\n${unit.text}`).join("\n"));
  if (file === undefined) advise(wish, units, place);
  return 0;
}

function wishOf(options: SystemdOptions): UnitWish {
  const settings = readSettings(options);
  const files = [settings.logFile, settings.errorFile].filter((path) => path !== null);
  const wish = {
    name: options.name,
    style: options.style,
    isUser: options.user ?? false,
    account: options.account ?? ownAccount(),
    spool: real(options.spool),
    roots: settings.roots.map(real),
    logs: files.map((path) => real(dirname(resolve(path)))),
    node: process.execPath,
    bin: real(process.argv[1] ?? ""),
    timeoutMs: settings.timeoutMs,
  };
  for (const path of [wish.spool, ...wish.roots, ...wish.logs, wish.node, wish.bin])
    if (!isWritable(path))
      throw new SpooldError("CONFIG_INVALID", { path, accepts: "a path that can stand in a unit file" });
  return wish;
}

/** An account may have a number and no name, as in a container. */
function ownAccount(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "nobody");
  }
}

/** The path with links resolved, as far as it exists. */
function real(path: string): string {
  const absolute = resolve(path);
  if (existsSync(absolute)) return realpathSync(absolute);
  const parent = dirname(absolute);
  return parent === absolute ? absolute : join(real(parent), absolute.slice(parent.length));
}

/** For people, beside the data: what is to be done with the units, and what would go wrong. */
function advise(wish: UnitWish, units: readonly Unit[], place: string): void {
  const { isUser, account } = wish;
  const enabled = units.filter(({ text }) => text.includes("[Install]")).map(({ file }) => file);
  const manager = isUser ? "systemctl --user" : "systemctl";
  tell(`spoold: put each into its place, as by \`spoold systemd ... ${units[0]?.file} > ${place}/${units[0]?.file}\`,`);
  tell(`  then: ${manager} daemon-reload && ${manager} enable --now ${enabled.join(" ")}`);
  if (isUser) tell("  it ends with your last session, unless: loginctl enable-linger");
  if (!isUser && account === "root") tell("  warning: it would run as root; name an account of its own with --account");
  for (const path of isUser ? [] : writtenBy(wish))
    if (!isDirectory(path)) tell(`  warning: ${path} must be there before the first start`);
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
