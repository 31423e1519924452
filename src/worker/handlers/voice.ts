/** What a handler says while it works: bounded in length and number, whatever it says. */
import type { System } from "../../system.ts";
import { createAllowance } from "../allowance.ts";
import { MAX_LINE_TEXT, MAX_PROGRESS_TEXT, SAYS } from "../message.ts";
import type { Teller } from "../protocol.ts";
import type { HandlerContext } from "./contract.ts";

/** The part of a handler's context by which it speaks. */
export interface Voice extends Pick<HandlerContext, "progress" | "log"> {
  /** From now on nothing it says is heard. */
  end(): void;
}

/** Between two tellings of progress. */
const PROGRESS_MS = 100;

export function createVoice({ monotonicMs }: Pick<System, "monotonicMs">, tell: Teller): Voice {
  const allowance = createAllowance(monotonicMs, SAYS);
  let ended = false;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  let latest: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let dropped = 0;

  /** The last one always comes through, if the handler has not ended by then. */
  const tellLatest = (): void => {
    timer = undefined;
    toldAtMs = monotonicMs();
    latest?.();
    latest = undefined;
  };
  return {
    progress(part, text) {
      if (ended || typeof part !== "number" || Number.isNaN(part)) return;
      const told = { part: Math.min(Math.max(part, 0), 1), text: textOf(text, MAX_PROGRESS_TEXT) };
      latest = () => tell.progress(told);
      const waitMs = toldAtMs + PROGRESS_MS - monotonicMs();
      if (waitMs <= 0) tellLatest();
      else timer ??= setTimeout(tellLatest, waitMs);
    },
    log(message, fields) {
      if (ended) return;
      if (!allowance.take()) {
        dropped += 1;
        return;
      }
      tell.says({ text: textOf(message, MAX_LINE_TEXT) ?? "", fields: fieldsOf(fields), dropped });
      dropped = 0;
    },
    end() {
      ended = true;
      clearTimeout(timer);
    },
  };
}

/** Whatever it is: a handler that says something odd must not fail by that. */
function textOf(value: unknown, length: number): string | null {
  if (value === undefined || value === null) return null;
  return (typeof value === "string" ? value : `${typeof value}`).slice(0, length);
}

/** As JSON, which bounds what is sent; what is none, or too long, is told as cut. */
function fieldsOf(fields: unknown): string | null {
  if (fields === undefined || fields === null) return null;
  try {
    const json: string | undefined = JSON.stringify(fields);
    if (json === undefined) return null;
    return json.length <= SAYS.fields ? json : JSON.stringify({ cut: json.slice(0, MAX_LINE_TEXT) });
  } catch {
    // No JSON can be made of it; the message itself is heard all the same.
    return JSON.stringify({ cut: typeof fields });
  }
}
