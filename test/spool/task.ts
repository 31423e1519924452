import { encodeTask } from "../../src/task/key.ts";
import type { Task } from "../../src/task/task.ts";

/** The smallest task there is. */
export const TASK: Task = { source: "in.jpg", outputs: [{ file: "out.jpg", width: 8 }] };

/** A task file as enqueue writes it. */
export const TASK_BYTES = encodeTask(TASK);

/** A task as people write it. */
export const DROP = JSON.stringify(TASK);
