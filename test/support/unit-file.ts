/**
 * Reads unit files of systemd by its own rules, as systemd.syntax(7), systemd.unit(5) and systemd.service(5) tell them, so
 * that they are checked also where there is no systemd.
 */

/** What each section may say, of all that systemd knows the part that a daemon's units can need. */
const KNOWN: Readonly<Record<string, RegExp>> = {
  Unit: /^(Description|RequiresMountsFor|StartLimitIntervalSec|Condition(DirectoryNotEmpty|PathExists))$/,
  Service:
    /^(Type|NotifyAccess|WatchdogSec|User|WorkingDirectory|Exec(Start|Reload)|Restart(Sec|PreventExitStatus)?|KillMode|TimeoutStopSec|OOMPolicy|NoNewPrivileges|CapabilityBoundingSet|ProtectSystem|ReadWritePaths|ProtectHome|PrivateTmp|PrivateDevices|Protect(Clock|ControlGroups|Hostname|KernelLogs|KernelModules|KernelTunables)|RemoveIPC|Restrict(AddressFamilies|Namespaces|Realtime|SUIDSGID)|LockPersonality|SystemCall(Architectures|Filter|ErrorNumber)|MemoryDenyWriteExecute)$/,
  Path: /^(DirectoryNotEmpty|Unit)$/,
  Timer: /^(OnCalendar|AccuracySec|Unit)$/,
  Install: /^WantedBy$/,
};

/** The values of a unit file, as `Section.Key`, in their order. */
export type UnitFile = ReadonlyMap<string, readonly string[]>;

/** @throws what systemd would warn of, with the line */
export function parseUnit(text: string): UnitFile {
  const values = new Map<string, string[]>();
  let section = "";
  for (const line of text.split("\n")) {
    if (line === "" || /^[#;]/.test(line)) continue;
    const header = /^\[(\w+)\]$/.exec(line)?.[1];
    const [, key = "", value = ""] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (header !== undefined) section = header;
    else if (!KNOWN[section]?.test(key)) throw new Error(`not known in [${section}]: ${line}`);
    else if (value.endsWith("\\")) throw new Error(`goes on in the next line: ${line}`);
    else values.set(`${section}.${key}`, [...(values.get(`${section}.${key}`) ?? []), value.trim()]);
  }
  return values;
}

/** The words of a list of paths. */
export function listWords(value: string): readonly string[] {
  return words(value).map(withoutSpecifiers);
}

/** The words of a command line; its program is taken without variables. */
export function commandWords(value: string): readonly string[] {
  const [program = "", ...rest] = words(value);
  return [withoutSpecifiers(program), ...rest.map(withoutSpecifiers).map(withoutVariables)];
}

/** A path that is all of a value, perhaps with the `|` of a condition before it. */
export function wholeValue(value: string): string {
  return withoutSpecifiers(value.replace(/^\|/, ""));
}

function words(value: string): readonly string[] {
  const found: string[] = [];
  let rest = value.trim();
  while (rest !== "") {
    const [whole = "", double, single, plain] =
      /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"']+))(?=\s|$)\s*/s.exec(rest) ?? [];
    if (whole === "") throw new Error(`quotes that do not match: ${rest}`);
    found.push((double ?? single ?? plain ?? "").replace(/\\(.)/gs, escaped));
    rest = rest.slice(whole.length);
  }
  return found;
}

function escaped(_all: string, character: string): string {
  if (character === "\\" || character === '"' || character === "'") return character;
  throw new Error(`an escape that means something else: \\${character}`);
}

function withoutSpecifiers(text: string): string {
  return text.replace(/%(.?)/g, (_all, next) => {
    if (next === "%") return "%";
    throw new Error(`a specifier: %${next} in ${text}`);
  });
}

function withoutVariables(text: string): string {
  return text.replace(/\$(.?)/g, (_all, next) => {
    if (next === "$") return "$";
    throw new Error(`a variable: $${next} in ${text}`);
  });
}
