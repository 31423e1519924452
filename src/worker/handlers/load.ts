import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { errnoOf, SpooldError } from "../../errors.ts";
import type { Handler } from "./contract.ts";
import { thrownBy } from "./failure.ts";
import type { HandlerFile } from "./find.ts";

/**
 * Loads the file of a handler, and a changed one anew.
 * @throws HANDLER_INVALID when it is no module with a function as its default; as `thrownBy` what its own code throws
 */
type HandlerLoader = (handler: string, file: HandlerFile) => Promise<Handler>;

/** Modules are kept by their address for ever, failures too, so a changed file and another try get another address. */
export function createHandlerLoader(): HandlerLoader {
  /** By path, how often loading it has failed. */
  const failures = new Map<string, number>();
  const commonJs = createRequire(import.meta.url).cache;
  return async (handler, { path, version }) => {
    const tries = failures.get(path) ?? 0;
    // A CommonJS module is kept by its path, whatever stands behind it.
    delete commonJs[path];
    const address = pathToFileURL(path);
    address.search = `?version=${version}&tries=${tries}`;
    const module: unknown = await import(address.href).catch((error: unknown) => {
      failures.set(path, tries + 1);
      throw isNoModule(error)
        ? new SpooldError("HANDLER_INVALID", { path }, { cause: error })
        : thrownBy(handler, error);
    });
    const work = typeof module === "object" && module !== null && "default" in module ? module.default : undefined;
    if (typeof work !== "function")
      throw new SpooldError("HANDLER_INVALID", { path, because: "its default export is no function" });
    return work as Handler;
  };
}

/** Whether the text of a file, or of one that it imports, is to blame, and not what it met while it ran. */
function isNoModule(error: unknown): boolean {
  return (
    error instanceof SyntaxError || /^ERR_(MODULE|PACKAGE|UNKNOWN|UNSUPPORTED|INVALID)_/.test(errnoOf(error) ?? "")
  );
}
