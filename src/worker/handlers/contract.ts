/** What a handler is, and what it is given. */
import type { Spool } from "../../spool/spool.ts";
import type { System } from "../../system.ts";
import type { HandlerTask } from "../../task/task.ts";
import type { AttemptId } from "../protocol.ts";

/** The task as its file says it, with its number and which attempt this is, from 1. A copy: it may be changed. */
export type GivenTask = HandlerTask & AttemptId;

/** What a handler is given beside its task. */
export interface HandlerContext {
  /** Aborts shortly before the deadline, and when nobody wants the result any more. */
  readonly signal: AbortSignal;
  /**
   * Tells how far the work is. May be called as often as one likes: what comes too fast is left out.
   * @param part from 0 to 1
   * @param text what is being done, at most 200 characters
   */
  readonly progress: (part: number, text?: string) => void;
  /** Writes a line into the daemon's log; what comes too fast is left out and counted. `fields` is cut when it is long. */
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** The spool's real path. */
  readonly spool: string;
  /** The daemon's roots with every link resolved: relative paths of tasks start at the first. */
  readonly roots: readonly string[];
}

/** Work that is no picture. What it returns becomes the receipt's `result`; whatever it throws fails the attempt. */
export type Handler = (task: GivenTask, context: HandlerContext) => unknown;

/** What a handler that comes with the program is given as well. */
export interface BuiltInContext extends HandlerContext {
  readonly system: System;
  /** Queues a task in the spool that this one lies in. */
  readonly enqueue: Spool["enqueue"];
}

/** A handler that comes with the program. The errors that it throws keep their codes. */
export type BuiltIn = (task: GivenTask, context: BuiltInContext) => unknown;
