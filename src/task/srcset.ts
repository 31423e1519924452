import type { OutputFile, SrcSets } from "./outcome.ts";

/**
 * The pictures of each format that are one picture at several widths: those with the shape of the widest, to a pixel,
 * the narrowest first. Their paths are as the task has them, percent-encoded; what they are relative to on a site only
 * the site knows.
 * @returns undefined when no format has two of them
 */
export function srcSetsOf(all: readonly OutputFile[]): SrcSets | undefined {
  // A browser can show no pyramid.
  const outputs = all.filter(({ tiles }) => tiles === undefined);
  const formats = [...new Set(outputs.map(({ format }) => format))];
  const sets = formats.flatMap((format) => {
    const candidates = sameShape(outputs.filter((output) => output.format === format));
    return candidates.length < 2 ? [] : [[format, candidates.map(candidate).join(", ")] as const];
  });
  return sets.length === 0 ? undefined : Object.fromEntries(sets);
}

/** Those with the shape of the widest, by width; of several of one width the first. */
function sameShape(outputs: readonly OutputFile[]): OutputFile[] {
  const sorted = outputs.toSorted((a, b) => a.width - b.width);
  const widest = sorted.at(-1);
  if (widest === undefined) return [];
  return sorted.filter(({ width, height }, index) => {
    const isShaped = Math.abs(height - (width * widest.height) / widest.width) <= 1;
    return isShaped && sorted.findIndex((other) => other.width === width) === index;
  });
}

/** A comma or white space would end the candidate (HTML, the srcset attribute): they are percent-encoded as well. */
function candidate({ file, width }: OutputFile): string {
  // Half a surrogate pair cannot be encoded; on disk, and so here, it is the replacement character.
  const wellFormed = Buffer.from(file).toString();
  return `${wellFormed.split("/").map(encodeURIComponent).join("/")} ${width}w`;
}
