import { type SerializedError, SpooldError } from "../../errors.ts";
import type { System } from "../../system.ts";
import type { HandlerTask } from "../../task/task.ts";
import { type AttemptId, graceMs, type RunRequest, type RunResult, type Teller } from "../protocol.ts";
import { isBuiltIn, loadBuiltIn } from "./built-in.ts";
import type { BuiltInContext, GivenTask, HandlerContext } from "./contract.ts";
import { plainFailure, thrownBy } from "./failure.ts";
import { findHandler } from "./find.ts";
import { createHandlerLoader } from "./load.ts";
import { encodeResult } from "./result.ts";
import { createStrays } from "./strays.ts";
import { createVoice } from "./voice.ts";

/** A request for the work of a handler. */
type HandlerRequest = RunRequest & { readonly task: HandlerTask };

/** The handlers of a worker, which runs one of them at a time. */
export interface Handlers {
  /** Runs one attempt. Never throws: whatever goes wrong is a failed result. */
  run(request: HandlerRequest, tell: Teller): Promise<RunResult>;
  /**
   * Aborts the signal of the handler that is at work.
   * @param because the signal's reason
   * @param id of the attempt that is meant; default any
   */
  abort(because: SpooldError, id?: AttemptId): void;
}

interface Run extends AttemptId {
  readonly handler: string;
  readonly controller: AbortController;
  /** Ends it as failed, wherever it is at. */
  readonly fail: (error: SpooldError) => void;
}

/** @param spent called when something that a handler has left behind went wrong: it may disturb the next task as well */
export function openHandlers(system: System, spent: (because: SerializedError) => void): Handlers {
  const load = createHandlerLoader();
  let current: Run | undefined;
  const strays = createStrays<Run>((thrown, from) => {
    const run = from ?? current;
    const failure = thrownBy(run?.handler ?? "unknown", thrown);
    spent(plainFailure(failure));
    if (run === current) run?.fail(failure);
  });

  return {
    async run(request, tell) {
      const { number, attempt, task, timeoutMs } = request;
      const { handler } = task;
      const controller = new AbortController();
      const voice = createVoice(system, tell);
      const overdue = new SpooldError("TASK_TIMED_OUT", { timeoutMs });
      const timer = setTimeout(() => controller.abort(overdue), timeoutMs - graceMs(timeoutMs));
      try {
        const value = await new Promise<unknown>((end, fail) => {
          const run = { number, attempt, handler, controller, fail };
          current = run;
          const { spool, roots } = request;
          const context = { ...voice, signal: controller.signal, spool, roots };
          strays.within(run, () => callHandler(request, context)).then(end, fail);
        });
        return { kind: "handled", json: encodeResult(value) };
      } catch (error) {
        return { kind: "failed", error: plainFailure(orOverdue(error, controller.signal, overdue)) };
      } finally {
        current = undefined;
        clearTimeout(timer);
        voice.end();
      }
    },
    abort(because, id) {
      const isMeant = id === undefined || (id.number === current?.number && id.attempt === current.attempt);
      if (isMeant) current?.controller.abort(because);
    },
  };

  async function callHandler(request: HandlerRequest, context: HandlerContext): Promise<unknown> {
    const { handler } = request.task;
    const given: GivenTask = { ...request.task, number: request.number, attempt: request.attempt };
    if (isBuiltIn(handler)) {
      const builtIn = await loadBuiltIn(handler);
      return blaming(handler, async () => builtIn(given, await ownContext(system, context)));
    }
    const file = await findHandler(system, request.handlers, handler);
    const work = await load(handler, file);
    return blaming(handler, async () => work(given, context));
  }
}

async function ownContext(system: System, context: HandlerContext): Promise<BuiltInContext> {
  const { openSpool } = await import("../../spool/spool.ts");
  const { enqueue } = await openSpool(context.spool, system);
  return { ...context, system, enqueue };
}

async function blaming(handler: string, work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (thrown) {
    throw thrownBy(handler, thrown);
  }
}

/** A handler that has heard of its deadline and gives up by throwing was too slow: it has not failed in itself. */
function orOverdue(error: unknown, { reason }: AbortSignal, overdue: SpooldError): unknown {
  const hasFailed = error instanceof SpooldError && error.code === "HANDLER_FAILED";
  if (reason !== overdue || !hasFailed) return error;
  return error.cause === overdue ? overdue : new SpooldError(overdue.code, overdue.facts, { cause: error.cause });
}
