import { SpooldError } from "../../src/index.ts";

/** What a person is told when the demo cannot go on, or when its result is not what it should be. */
export class DemoFault extends Error {
  constructor(sentence: string, options: { cause?: unknown } = {}) {
    super(sentence, options);
    this.name = "DemoFault";
  }
}

/** One sentence, and a hint where there is one. Never a stack trace. */
export function sentenceOf(error: unknown): string {
  if (error instanceof DemoFault) return error.message;
  if (error instanceof SpooldError) return `${error.message} [${error.code}]; ${error.hint}`;
  if (!(error instanceof Error)) return String(error);
  if (error.name === "AbortError" || error.name === "TimeoutError") {
    return "not finished after a minute; .demo/spoold.log tells how far the daemon came";
  }
  const path = "path" in error && typeof error.path === "string" ? error.path : "a file";
  switch ("code" in error ? error.code : undefined) {
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return `${path} cannot be written: give yourself the permission, or clone into a folder that is yours`;
    case "ENOSPC":
    case "EDQUOT":
      return "the disk is full: the demo needs about 200 MB";
    default:
      return error.message;
  }
}
