import { posix } from "node:path";
import { isTooDeep, MAX_LEVELS } from "./depth.ts";
import { type Fault, invalidTask } from "./faults.ts";
import { encodeFaults, faultsOfIssues } from "./issues.ts";
import { readAs } from "./read-as.ts";
import {
  FORMAT_ENDINGS,
  formatOf,
  handlerTaskSchema,
  isHandlerTask,
  type Output,
  type PictureTask,
  readsOf,
  type Task,
  taskSchema,
} from "./task.ts";
import { folderFaults, tileFaults } from "./tile-faults.ts";

/**
 * Checks a value against the schema and the rules that span members.
 * @returns the task
 * @throws TASK_INVALID with `faults`, one for each thing that is wrong
 */
export function checkTask(value: unknown): Task {
  const schema = namesHandler(value) ? handlerTaskSchema() : taskSchema;
  // The one member that may hold anything: the schema would run out of stack.
  if (namesHandler(value) && isTooDeep(value["data"])) throw invalidTask([TOO_DEEP]);
  const parsed = readAs(schema, value);
  if (!parsed.success) throw invalidTask(faultsOfIssues(parsed.error.issues, value, schema));
  const faults = [...timeFaults(parsed.data), ...(isHandlerTask(parsed.data) ? [] : spanningFaults(parsed.data))];
  if (faults.length > 0) throw invalidTask(faults);
  return parsed.data;
}

/** Checks a value as `checkTask` does, and that it is a task on pictures. @throws TASK_INVALID */
export function checkPictureTask(value: unknown): PictureTask {
  return requirePictures(checkTask(value));
}

/** @throws TASK_INVALID for a task that is work for a handler */
export function requirePictures(task: Task): PictureTask {
  if (!isHandlerTask(task)) return task;
  throw invalidTask([{ pointer: "/handler", expected: "a task on pictures, with a source and outputs" }]);
}

const TOO_DEEP: Fault = { pointer: "/data", expected: `at most ${MAX_LEVELS} levels of lists and objects` };

function namesHandler(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "handler");
}

/** The schema sees a form; whether there is such a time is seen here. */
function timeFaults({ runAt, delay }: Task): Fault[] {
  if (runAt === undefined) return [];
  const received = JSON.stringify(runAt);
  if (Number.isNaN(Date.parse(runAt)))
    return [{ pointer: "/runAt", expected: "a date and time as 2027-01-31T12:00:00Z", received }];
  return delay === undefined ? [] : [{ pointer: "/runAt", expected: "runAt or delay, not both", received }];
}

/** What one output must not do to another or to what is read; the schema cannot see it. */
function spanningFaults(task: PictureTask): Fault[] {
  const [source, ...overlays] = readsOf(task).map((path) => posix.normalize(path));
  const seen = new Set<string>();
  const faults = task.outputs.flatMap((output, index) => {
    const pointer = `/outputs/${index}/file`;
    const received = JSON.stringify(output.file);
    const file = posix.normalize(output.file);
    const faults: Fault[] = [];
    if (formatOf(output) === undefined) faults.push({ pointer, expected: A_FORMAT, received });
    if (file === source) faults.push({ pointer, expected: "a file that is not the source", received });
    if (overlays.includes(file)) faults.push({ pointer, expected: "a file that no step reads", received });
    if (seen.has(file)) faults.push({ pointer, expected: "a file that no other output names", received });
    seen.add(file);
    return [...faults, ...encoderFaults(output, index), ...tileFaults(output, index)];
  });
  const told = new Set(faults.map(({ pointer }) => pointer));
  return [...faults, ...folderFaults(task).filter(({ pointer }) => !told.has(pointer))];
}

const A_FORMAT = `one of the endings ${Object.values(FORMAT_ENDINGS).flat().join(" ")}, or a format`;

function encoderFaults(output: Output, index: number): readonly Fault[] {
  const { quality, encode } = output;
  const received = JSON.stringify(quality);
  const pointer = `/outputs/${index}/quality`;
  const faults = encode === undefined ? [] : encodeFaults(output, ["outputs", index]);
  if (quality === undefined) return faults;
  if (formatOf(output) === "gif") return [{ pointer, expected: "no quality: gif has none", received }, ...faults];
  const isTwice = encode !== undefined && "quality" in encode;
  return isTwice ? [{ pointer, expected: "quality here or in encode, not both", received }, ...faults] : faults;
}
