/**
 * Reads outputs, over and over, as a web server would that may come at any moment, and writes down what it saw.
 *
 *     npx tsx reader.ts --ledger FILE DIRECTORY...
 *
 * Files called `NAME.1of3.jpg` to `NAME.3of3.webp` are the outputs of one task, in its order, and were not there before:
 * who sees the last one sees them all. Ends on SIGTERM, or when its standard input is closed. Lines: see `sightings.ts`.
 */
import { appendFileSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { bytesOf, sha256 } from "./json.ts";
import { type Temporary, temporaryNamed } from "./leftovers.ts";
import { decode } from "./outputs.ts";

const REST_MS = 10;
/** A directory whose last change is so old is not looked at again before the next. */
const GRAIN_MS = 1_000;
const PICTURE = /^[^.].*\.(jpe?g|png|webp|avif|gif|tiff?)$/;
const MEMBER = /^(.+)\.(\d+)of(\d+)\.\w+$/;

const { values, positionals } = parseArgs({ options: { ledger: { type: "string" } }, allowPositionals: true });
const ledger = values.ledger ?? "";
const note = (line: object): void => appendFileSync(ledger, `${JSON.stringify({ at: Date.now(), ...line })}\n`);

/** What was read of each path last, so that it is not read again while it is the same file. */
const stamps = new Map<string, string>();
const told = new Set<string>();
const settled = new Map<string, number>();
const looks = { files: 0, sets: 0 };
let stopped = false;
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, stop);
process.stdin.on("end", stop).on("error", stop).resume();
note({ kind: "ready" });
while (!stopped) {
  for (const directory of positionals) await lookBelow(directory);
  await sleep(REST_MS);
}
note({ kind: "looks", ...looks });
process.exit(0);

function stop(): void {
  stopped = true;
}

async function lookBelow(directory: string): Promise<void> {
  const stat = await lstat(directory).catch(() => undefined);
  if (stat === undefined || stopped) return;
  const isOld = Date.now() - stat.mtimeMs > GRAIN_MS;
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries)
    if (entry.isDirectory() && !entry.name.startsWith(".")) await lookBelow(join(directory, entry.name));
  if (settled.get(directory) === stat.mtimeMs) return;
  const names = entries.filter((entry) => entry.isFile() || entry.name.startsWith(".")).map(({ name }) => name);
  await lookAtTemporaries(directory, names);
  await lookAtSets(directory, names);
  for (const name of names) if (PICTURE.test(name)) await lookAt(join(directory, name));
  if (isOld) settled.set(directory, stat.mtimeMs);
}

/** No two attempts of one number are at work at one time. */
async function lookAtTemporaries(directory: string, names: readonly string[]): Promise<void> {
  const first = new Map<number, Temporary>();
  for (const temporary of names.flatMap((name) => temporaryNamed(directory, name) ?? [])) {
    const other = first.get(temporary.number) ?? temporary;
    first.set(temporary.number, other);
    if (other.attempt === temporary.attempt) continue;
    const paths = [other.path, temporary.path];
    // A listing is not a moment: what it shows together may have followed each other.
    const there = await Promise.all(paths.map((path) => lstat(path).catch(() => undefined)));
    if (!there.includes(undefined)) note({ kind: "twice", number: temporary.number, paths });
  }
}

async function lookAtSets(directory: string, names: readonly string[]): Promise<void> {
  for (const last of names) {
    const [, set, place, size] = MEMBER.exec(last) ?? [];
    if (set === undefined || place !== size) continue;
    looks.sets += 1;
    // The last one was listed, so that the others were there before: this listing may have missed them, a new one not.
    const others = (await readdir(directory)).filter((name) => MEMBER.exec(name)?.[1] === set);
    const places = new Set(others.map((name) => MEMBER.exec(name)?.[2]));
    const missing = Array.from({ length: Number(size) }, (_, index) => `${index + 1}`).filter(
      (each) => !places.has(each),
    );
    if (missing.length > 0) note({ kind: "partial", path: join(directory, last), missing });
  }
}

async function lookAt(path: string): Promise<void> {
  const stat = await lstat(path).catch(() => undefined);
  const stamp = stat === undefined ? undefined : `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
  if (stamp === undefined || stamps.get(path) === stamp) return;
  const bytes = await bytesOf(path);
  if (bytes === undefined) return;
  looks.files += 1;
  const digest = sha256(bytes);
  stamps.set(path, stamp);
  if (told.has(`${path} ${digest}`)) return;
  told.add(`${path} ${digest}`);
  const seen = await decode(bytes);
  note(typeof seen === "string" ? { kind: "torn", path, because: seen } : { kind: "seen", path, sha256: digest });
}
