/** Lines of the log for people. Loaded only when standard output is a terminal: a daemon starts without it. */
import { prettyFactory } from "pino-pretty";
import { plainLine } from "./log.ts";

const toPretty = prettyFactory({
  singleLine: true,
  ignore: "pid",
  translateTime: "SYS:HH:MM:ss",
  errorLikeObjectKeys: [],
});

/** For people: each escape for a control character is escaped once more, so that it is shown and not obeyed. */
export function prettyLine(line: string): string {
  const shown = plainLine(line).replace(/\\(\\|u[0-9a-f]{4}|[bfnrt])/g, (written, what) =>
    what === "\\" ? written : `\\\\${what}`,
  );
  return `${toPretty(shown).trimEnd()}\n`;
}
