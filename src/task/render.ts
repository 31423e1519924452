/** From what people may write to the task that is run: words of the source and of each output are filled in. */
import { posix } from "node:path";
import { SpooldError } from "../errors.ts";
import { type Fault, faultsOfError, invalidTask } from "./faults.ts";
import { hasOwnKey, keyOf } from "./key.ts";
import { pathBelowRoot } from "./output-path.ts";
import { checkPictureTask, checkTask } from "./parse.ts";
import { fillIn, joined, type Place, piecesOf, type Words, within } from "./placeholders.ts";
import type { PictureTask, Task } from "./task.ts";

type Members = Readonly<Record<string, unknown>>;

/**
 * Checks a task that names its outputs, and fills in the placeholders of their `file`.
 * @returns the task; one that enqueue has written before, as its key says, is not filled in again
 * @throws TASK_INVALID
 */
export function renderPlain(value: unknown): Task {
  const own = ownTask(value);
  if (own !== undefined) return own;
  if (!hasBraces(value)) return checkTask(value);
  return withKey((key) => {
    const faults: Fault[] = [];
    const words = new Map([...wordsOfSource(value.source), ["key", key] as const]);
    const place: Place = { pointer: "/outputs", words, report: (fault) => faults.push(fault) };
    const outputs = value.outputs.map((output, index) => {
      const here = within({ ...place, words: withSize(words, output) }, index);
      return typeof output["file"] === "string" && /[{}]/.test(output["file"])
        ? { ...output, file: fillFile(output["file"], within(here, "file")) }
        : output;
    });
    return checkBeside(faults, { ...value, outputs });
  });
}

/** A task as enqueue writes it, whole and unchanged; undefined for anything else. */
export function ownTask(value: unknown): Task | undefined {
  if (!isObject(value) || typeof value["key"] !== "string") return undefined;
  try {
    const task = checkTask(value);
    return hasOwnKey(task) ? task : undefined;
  } catch (error) {
    // A person may have written anything under `key`; whoever reads the task next tells what is wrong with it.
    if (error instanceof SpooldError) return undefined;
    throw error;
  }
}

/** Fills in all text of one output of a recipe; `{width}` and `{height}` are its own. */
export function fillOutput(output: unknown, place: Place): unknown {
  if (!isObject(output)) return fillIn(output, place);
  const unsized = { ...place, words: withSize(place.words, {}) };
  const size = Object.fromEntries(
    ["width", "height"]
      .filter((side) => Object.hasOwn(output, side))
      .map((side) => [side, fillIn(output[side], within(unsized, side))]),
  );
  const sized = { ...place, words: withSize(place.words, size) };
  return Object.fromEntries(
    Object.entries(output).map(([name, member]) => {
      if (Object.hasOwn(size, name)) return [name, size[name]];
      const here = within(sized, name);
      return [name, name === "file" && typeof member === "string" ? fillFile(member, here) : fillIn(member, here)];
    }),
  );
}

/** `{name}`, `{dir}` and `{ext}`: as node's `path.parse` has them, so the ending begins with its dot. */
export function wordsOfSource(source: string): Words {
  const { name, dir, ext } = posix.parse(posix.normalize(source));
  return new Map([
    ["name", name],
    ["dir", dir === "" ? "." : dir],
    ["ext", ext],
  ]);
}

/** The words with the size of an output; where it has none, they are known and have no value. */
export function withSize(words: Words, { width, height }: Members): Words {
  const side = (value: unknown): number | null => (typeof value === "number" ? value : null);
  return new Map([...words, ["width", side(width)], ["height", side(height)]]);
}

/**
 * Renders a task in which `{key}` may stand. A key cannot be part of what it is the digest of, so it is that of the
 * same task with 64 zeros in its place.
 */
export function withKey(render: (key: string) => PictureTask): PictureTask {
  return render(keyOf(render("0".repeat(64))));
}

function fillFile(text: string, place: Place): string {
  const pieces = piecesOf(text, place);
  const file = pathBelowRoot(pieces);
  if (file !== undefined) return file;
  const received = JSON.stringify(joined(pieces)).slice(0, 200);
  place.report({ pointer: place.pointer, expected: "a path below the first root, with no .. from a value", received });
  return joined(pieces);
}

/** Checks what was filled in; where it could not be, that is told, and not what is left of it. */
function checkBeside(faults: readonly Fault[], value: unknown): PictureTask {
  if (faults.length === 0) return checkPictureTask(value);
  const told = new Set(faults.map(({ pointer }) => pointer));
  try {
    checkTask(value);
  } catch (error) {
    const others = error instanceof SpooldError ? faultsOfError(error) : [];
    throw invalidTask([...faults, ...others.filter(({ pointer }) => !told.has(pointer))]);
  }
  throw invalidTask(faults);
}

interface Braced extends Members {
  readonly source: string;
  readonly outputs: readonly Members[];
}

function hasBraces(value: unknown): value is Braced {
  if (!isObject(value) || typeof value["source"] !== "string" || !Array.isArray(value["outputs"])) return false;
  const outputs: readonly unknown[] = value["outputs"];
  return outputs.every(isObject) && outputs.some(({ file }) => typeof file === "string" && /[{}]/.test(file));
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
