/** What workers tell of an attempt on the way: how far it is, and what a handler wants to be in the log. */
import type { taskFields } from "../log.ts";
import { createAllowance } from "../worker/allowance.ts";
import { SAYS } from "../worker/message.ts";
import type { Line, Progress } from "../worker/protocol.ts";
import type { DaemonContext } from "./context.ts";
import type { Told } from "./worker-process.ts";

/** What was heard of one attempt. */
export interface Hearing {
  hear(message: Told): void;
  /** The latest; null when there was none. */
  progress(): Progress | null;
}

/** @param about the fields that name the task in each line */
export function createHearing(
  { system, log }: Pick<DaemonContext, "system" | "log">,
  about: ReturnType<typeof taskFields> & { readonly handler: string | null },
): Hearing {
  // A worker keeps to the same bounds itself, but one that is not ours any more must not fill the disk.
  const allowance = createAllowance(system.monotonicMs, { ...SAYS, burst: 2 * SAYS.burst });
  let progress: Progress | null = null;
  return {
    hear(message) {
      if (message.kind === "progress") progress = { part: message.part, text: message.text };
      else if (allowance.take()) log.event("info", "handler says", { ...about, ...lineFields(message) });
    },
    progress: () => progress,
  };
}

function lineFields({ text, fields, dropped }: Line): Readonly<Record<string, unknown>> {
  return { text, ...(fields !== null && { fields: parsed(fields) }), ...(dropped > 0 && { dropped }) };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // Our own program writes JSON; what is none is told as the text that it is.
    return json;
  }
}
