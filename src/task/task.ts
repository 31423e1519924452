import { z } from "zod";

/** Formats that an output may have, by the file endings that mean them. */
export const FORMAT_ENDINGS = {
  jpeg: [".jpg", ".jpeg"],
  png: [".png"],
  webp: [".webp"],
  avif: [".avif"],
} as const;

export type Format = keyof typeof FORMAT_ENDINGS;

export const FORMATS = Object.keys(FORMAT_ENDINGS) as [Format, ...Format[]];
const FITS = ["cover", "contain", "fill", "inside", "outside"] as const;
const POSITIONS = [
  ...["centre", "center", "top", "right top", "right", "right bottom", "bottom", "left bottom", "left", "left top"],
  ...["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest", "entropy", "attention"],
] as const;

/** The longest side of an output in pixels: the limit of JPEG and WebP encoders lies at or just above it. */
const MAX_SIDE = 16_383;

const side = z.int().min(1).max(MAX_SIDE);
const label = z.string().max(1_024);
const filePath = z
  .string()
  .min(1)
  .max(4_096)
  .refine((text) => !text.includes("\0"), "a path without NUL characters");

const outputSchema = z.strictObject({
  file: filePath.describe("where the picture goes, relative to the first root"),
  width: side.optional().describe("px; without height the other side follows"),
  height: side.optional().describe("px; without width the other side follows"),
  fit: z.enum(FITS).optional().describe("how the picture fills width x height; default cover"),
  position: z.enum(POSITIONS).optional().describe("which part `cover` and `contain` keep; default centre"),
  format: z.enum(FORMATS).optional().describe("default: what the ending of `file` says"),
  quality: z.int().min(1).max(100).optional().describe("the encoder's quality; default sharp's own"),
});

/** What a task file may hold. Strict: a member that is not named here is an error, never ignored. */
export const taskSchema = z.strictObject({
  key: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .describe("sha256 of the instructions; written by enqueue"),
  source: filePath.describe("the picture to read, relative to the first root"),
  outputs: z.array(outputSchema).min(1).max(256).describe("the pictures to make; all appear or none"),
  supplicant: label.optional().describe("who asks"),
  summary: label.optional().describe("what for"),
  priority: z.int().min(0).max(100).optional().describe("higher ones start first; default 0"),
  timeoutMs: z.int().min(1).max(86_400_000).optional().describe("deadline of one attempt; default the daemon's"),
});

/** A checked task: instructions for pictures, and who asks for them. */
export type Task = Readonly<z.infer<typeof taskSchema>>;
export type Output = Task["outputs"][number];

/** The format of an output: what it says itself, else what its file's ending means, else undefined. */
export function formatOf(output: Pick<Output, "file" | "format">): Format | undefined {
  if (output.format !== undefined) return output.format;
  const lower = output.file.toLowerCase();
  return FORMATS.find((format) => FORMAT_ENDINGS[format].some((ending) => lower.endsWith(ending)));
}
