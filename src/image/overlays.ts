import type { System } from "../system.ts";
import { readHeader } from "./header.ts";
import type { HeaderLimits, Limits } from "./limits.ts";
import { resolveSource } from "./paths.ts";
import { readSource } from "./source.ts";

/**
 * A reader of overlays: they lie inside the roots and obey the limits and decoders of sources. Reads each file once, so
 * that all outputs of a task get the same.
 * @returns as `StepContext.readOverlay`; throws as `resolveSource`, `readSource` and `readHeader`
 */
export function createOverlayReader(
  system: System,
  options: { readonly roots: readonly string[]; readonly limits: HeaderLimits & Pick<Limits, "maxInputBytes"> },
): (path: string) => Promise<Buffer> {
  const read = async (path: string): Promise<Buffer> => {
    const source = await readSource(system, await resolveSource(system, path, options.roots), options);
    await readHeader(source, options.limits);
    return source.bytes;
  };
  const overlays = new Map<string, Promise<Buffer>>();
  return (path) => {
    const known = overlays.get(path) ?? read(path);
    overlays.set(path, known);
    return known;
  };
}
