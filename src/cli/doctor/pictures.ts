import { toSpooldError } from "../../errors.ts";
import type { InputFormat } from "../../input-formats.ts";
import { bad, type DoctorContext, type Hint, ok, warn } from "./hint.ts";

/** What sharp tells of one of its formats. */
type Formats = Readonly<Record<string, { readonly input: { readonly buffer: boolean } } | undefined>>;

/** @param formats as `sharp.format`; it has AVIF as heif */
export function judgeDecoders(wanted: readonly InputFormat[], formats: Formats): Hint {
  const missing = wanted.filter((format) => !formats[format === "avif" ? "heif" : format]?.input.buffer);
  const open = wanted.filter((format) => !missing.includes(format)).join(", ");
  if (missing.length === 0) return ok("decoders", `open: ${open}`);
  const tells = `open: ${open || "none"}; this sharp has none for ${missing.join(", ")}`;
  return warn("decoders", tells, "leave them out of --input-formats, or install a sharp that has them");
}

export async function pictureHints({ settings }: DoctorContext): Promise<readonly Hint[]> {
  try {
    const { default: sharp } = await import("sharp");
    const { prepareSharp } = await import("../../image/decoders.ts");
    const tells = `${sharp.versions.sharp}, libvips ${sharp.versions.vips}`;
    const decoders = judgeDecoders(settings.inputFormats, sharp.format as unknown as Formats);
    try {
      prepareSharp();
      return [ok("sharp", tells), decoders];
    } catch (error) {
      return [bad("sharp", tells, toSpooldError(error).hint), decoders];
    }
  } catch (error) {
    const because = error instanceof Error ? error.message.split("\n")[0] : "";
    return [bad("sharp", `it cannot be loaded: ${because}`, "npm install --include=optional sharp")];
  }
}
