import { type AutostartOptions, starterOf } from "../spool/autostart.ts";
import { layoutOf } from "../spool/layout.ts";
import { directoryFromEnvironment } from "../spool/spool.ts";
import { realSystem, type System } from "../system.ts";

/** Which spool is looked at, and how its daemon is started. */
export interface SpoolMiddlewareOptions extends AutostartOptions {
  /** The spool; default `SPOOLD_DIR`, else `spool` in the working directory. */
  readonly directory?: string;
}

/** For Express, Connect, Fastify by its adapter, and `node:http`, where it is called without `next`. */
export type SpoolMiddleware = (request: unknown, response: Response, next?: () => void) => void;

/** What is asked of a response of `node:http` or `node:http2`. */
interface Response {
  once(event: "finish" | "close", listener: () => void): unknown;
}

/** Responses that are sent within this time share one look at the spool. */
const SHARED_MS = 25;
/** A look at a spool on a slow disk takes longer; looks take this part of the time at most, while none is far away. */
const LOOK_SHARE = 0.05;
const FAR_MS = 1_000;

/**
 * Sees to it that tasks are run without a daemon of your own: when a response has been sent, tasks wait and no daemon
 * runs, one is started that ends when nothing is left to do. The request itself waits for nothing, and nothing is thrown.
 * @throws CONFIG_INVALID when it is made while `SPOOLD_DIR` is empty
 */
export function spoolMiddleware(options: SpoolMiddlewareOptions = {}, system: System = realSystem()): SpoolMiddleware {
  const starter = starterOf(system, layoutOf(options.directory ?? directoryFromEnvironment()));
  let isAsked = false;
  let pauseMs = SHARED_MS;

  return (_request, response, next) => {
    response.once("finish", ask);
    // The only one that comes when the client has gone before the end; the task that it asked for waits all the same.
    response.once("close", ask);
    next?.();
  };

  function ask(): void {
    if (isAsked) return;
    isAsked = true;
    setTimeout(() => void look(), pauseMs).unref();
  }

  /** Never rejects. */
  async function look(): Promise<void> {
    // First, for a response that is sent from now on may be for a task that this look does not see.
    isAsked = false;
    const beganMs = system.monotonicMs();
    await starter.wake(options);
    pauseMs = Math.min(Math.max(SHARED_MS, (system.monotonicMs() - beganMs) / LOOK_SHARE), FAR_MS);
  }
}
