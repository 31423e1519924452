/** Text and values of all kinds at the doors by which a task comes in: none may do more than refuse. */
import fc from "fast-check";
import { SpooldError } from "../../../src/errors.ts";
import { describeFault, faultsOfError } from "../../../src/task/faults.ts";
import { encodeTask } from "../../../src/task/key.ts";
import { readName } from "../../../src/task/name.ts";
import { readOrder } from "../../../src/task/order.ts";
import { parseRecipe, renderRecipe } from "../../../src/task/recipe.ts";
import { ownTask, renderPlain } from "../../../src/task/render.ts";
import { parseSchedule } from "../../../src/task/schedule.ts";
import { parseJson, parseObject } from "../../../src/task/text.ts";
import { readRequest } from "../../../src/worker/handlers/sync/request.ts";
import type { TortureReport } from "../torture-context.ts";
import { anyText, nearTask, wholeTask } from "./arbitraries.ts";

/** What takes longer would hold up a daemon: a task has 64 KiB at most. */
const MOST_MS = 1_000;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\p{Bidi_Control}]/u;

const PORTION = 1_000;

interface Tried {
  readonly faults: string[];
  readonly counts: Record<string, number>;
  longestMs: number;
}

/** @param tasks whose every prefix is tried @param values of any kind, half of them much like tasks */
export function tryValues(seed: number, { tasks, values }: { tasks: number; values: number }): TortureReport {
  const tried: Tried = { faults: [], counts: {}, longestMs: 0 };
  // In portions: half of all values at once would fill the memory.
  function* sample<T>(arbitrary: fc.Arbitrary<T>, count: number): Generator<T> {
    for (let done = 0; done < count; done += PORTION)
      yield* fc.sample(arbitrary, { seed: seed + done, numRuns: Math.min(PORTION, count - done) });
  }
  let prefixes = 0;
  for (const task of sample(wholeTask, tasks)) {
    const text = JSON.stringify(task);
    for (let length = 0; length < text.length; length++) tryPrefix(tried, text.slice(0, length));
    prefixes += text.length;
    if (parseObject(text) === undefined) tried.faults.push(`not seen to be whole: ${text}`);
  }
  const half = Math.ceil(values / 2);
  for (const text of sample(anyText, values - half)) tryText(tried, text);
  for (const text of sample(nearTask, half)) tryText(tried, text);
  const inherited = Object.keys(Object.prototype).concat(Object.keys(Array.prototype));
  if (inherited.length > 0 || "polluted" in {}) tried.faults.push(`all objects have got ${inherited.join(", ")}`);
  const figures = { prefixes, values, longestMs: Math.round(tried.longestMs) };
  return { faults: tried.faults.slice(0, 20), counts: { doors: tried.counts }, figures };
}

/** A file that is not whole is never taken for a task, and what is wrong with it can be told. */
function tryPrefix(tried: Tried, text: string): void {
  if (parseObject(text) !== undefined) tried.faults.push(`taken to be whole: ${text}`);
  if (through(tried, "text", text, () => parseJson(text)) !== undefined && !/^\d*$/.test(text))
    tried.faults.push(`parsed: ${text}`);
}

function tryText(tried: Tried, text: string): void {
  const parsed: unknown = JSON.parse(text);
  const task = through(tried, "task", text, () => renderPlain(parsed));
  if (task !== undefined) {
    // A delay becomes a time when the task is taken in.
    const { delay: _counted, ...taken } = task;
    const bytes = encodeTask(taken).toString();
    if (ownTask(JSON.parse(bytes)) === undefined) tried.faults.push(`accepted, and then not known again: ${text}`);
  }
  const order = through(tried, "order", text, () => readOrder(parsed));
  if (order !== undefined) through(tried, "recipe", text, () => renderRecipe(RECIPE, order));
  const recipe = through(tried, "recipe file", text, () => parseRecipe("any", text));
  if (recipe !== undefined) through(tried, "recipe", text, () => renderRecipe(recipe, ORDER));
  through(tried, "schedule", text, () => parseSchedule(text));
  through(tried, "sync", text, () => readRequest(parsed));
  through(tried, "name", text, () => readName(text));
}

const RECIPE = parseRecipe("mine", '{"vars":{"album":""},"outputs":[{"file":"{album}/{name}.jpg"}]}');
const ORDER = { source: "a/b.jpg", recipe: "any" };

/** @returns undefined when it was refused */
function through<T>(tried: Tried, door: string, text: string, work: () => T): T | undefined {
  const startedAt = performance.now();
  let word = "refused";
  let value: T | undefined;
  try {
    value = work();
    word = "accepted";
  } catch (error) {
    if (!(error instanceof SpooldError)) tried.faults.push(`${door} threw ${String(error)} of ${text.slice(0, 500)}`);
    else for (const fault of faultsOfError(error)) requirePrintable(tried, describeFault(fault));
  }
  const ms = performance.now() - startedAt;
  tried.counts[`${door} ${word}`] = (tried.counts[`${door} ${word}`] ?? 0) + 1;
  tried.longestMs = Math.max(tried.longestMs, ms);
  if (ms > MOST_MS) tried.faults.push(`${door} took ${Math.round(ms)} ms of ${text.slice(0, 500)}`);
  return value;
}

function requirePrintable(tried: Tried, line: string): void {
  if (CONTROL.test(line)) tried.faults.push(`a control character is told: ${JSON.stringify(line)}`);
}
