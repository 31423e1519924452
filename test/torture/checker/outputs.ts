/**
 * Done means that every output is there, can be decoded and has the digest that its receipt tells. Where several tasks
 * have written one file it is that of the last one; and no two of them were at work at the same time.
 */
import { resolve } from "node:path";
import sharp from "sharp";
import type { Findings } from "./findings.ts";
import { bytesOf, listIn, type Members, sha256 } from "./json.ts";
import { digestFolder, isFolder, picturesIn } from "./pyramid.ts";
import type { Ended } from "./records.ts";

/** An output as a receipt tells of it. */
export interface Written {
  readonly number: number;
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
  readonly format: string;
  /** The folder of tiles, null for none. */
  readonly folder: string | null;
  /** Whether this task has made it; else it was there already. */
  readonly isMade: boolean;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** All that receipts tell of each path, in the order in which it was written. */
export function writtenIn({ receipts }: Ended): ReadonlyMap<string, readonly Written[]> {
  const written = new Map<string, Written[]>();
  for (const { number, receipt } of receipts) {
    for (const output of listIn(receipt["outputs"])) {
      const one = readOutput(number, receipt, output);
      written.set(one.path, [...(written.get(one.path) ?? []), one]);
    }
  }
  for (const each of written.values()) each.sort((a, b) => a.endedAtMs - b.endedAtMs || a.number - b.number);
  return written;
}

/** Looks at every file that a receipt tells of. */
export async function checkOutputs(
  written: ReadonlyMap<string, readonly Written[]>,
  {
    unsure,
    root,
    findings,
  }: { readonly unsure: ReadonlySet<string>; readonly root: string; readonly findings: Findings },
): Promise<void> {
  const doubtful = new Set([...unsure].map((file) => resolve(root, file)));
  for (const [path, tellings] of written) {
    checkTurns(path, tellings, findings);
    const last = tellings.at(-1);
    if (last !== undefined) await checkFile(last, doubtful.has(path), findings);
  }
}

/** Tasks that write the same file do so one after the other. */
function checkTurns(path: string, tellings: readonly Written[], { say, count }: Findings): void {
  for (const [index, later] of tellings.entries()) {
    const earlier = tellings[index - 1];
    if (earlier === undefined || !earlier.isMade || !later.isMade) continue;
    count("turnsAtOneFile");
    if (later.startedAtMs < earlier.endedAtMs)
      say(`numbers ${earlier.number} and ${later.number} were at ${path} at the same time`);
  }
}

/** @param isDoubtful whether a task names the file that has not ended well: it may have replaced it, whole */
async function checkFile(output: Written, isDoubtful: boolean, findings: Findings): Promise<void> {
  const { number, path } = output;
  const { say, count } = findings;
  count("outputs");
  if (output.folder !== null) return checkPyramid(output, isDoubtful, findings);
  const bytes = await bytesOf(path);
  if (bytes === undefined) return say(`number ${number} is done, and ${path} is not there`);
  const isItsOwn = sha256(bytes) === output.sha256;
  if (!isItsOwn && !isDoubtful) return say(`number ${number} is done, and ${path} has another digest than its receipt`);
  if (!isItsOwn) count("outputsReplaced");
  if (isItsOwn && bytes.length !== output.bytes) say(`number ${number} tells a wrong size of ${path}`);
  // A zip of tiles is one file, and no picture.
  if (path.endsWith(".zip")) return;
  const seen = await decode(bytes);
  if (typeof seen === "string") return say(`number ${number} is done, and ${path} cannot be decoded: ${seen}`);
  if (isItsOwn && (seen.width !== output.width || seen.height !== output.height))
    say(`number ${number} tells of ${path} that it has ${output.width}x${output.height} pixels`);
}

async function checkPyramid(output: Written, isDoubtful: boolean, { say }: Findings): Promise<void> {
  const { number, path, folder } = output;
  if (folder === null || !(await isFolder(folder))) return say(`number ${number} is done, and ${folder} is not there`);
  if ((await digestFolder(folder, path)) !== output.sha256 && !isDoubtful)
    say(`number ${number} is done, and ${path} has another digest than its receipt`);
  for (const tile of await picturesIn(folder)) {
    const seen = await decode((await bytesOf(tile)) ?? Buffer.alloc(0));
    if (typeof seen === "string") say(`number ${number} is done, and ${tile} cannot be decoded: ${seen}`);
  }
}

/** Decodes every pixel. @returns why it cannot be, or the size of the picture (of a film, of one frame) */
export async function decode(bytes: Uint8Array): Promise<string | { readonly width: number; readonly height: number }> {
  try {
    const { info } = await sharp(bytes, { failOn: "warning", limitInputPixels: false })
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height };
  } catch (error) {
    return error instanceof Error ? error.message.trim() : String(error);
  }
}

function readOutput(number: number, receipt: Members, output: Members): Written {
  const { folder } = { folder: null, ...(output["tiles"] as Members | undefined) };
  return {
    number,
    path: String(output["path"]),
    sha256: String(output["sha256"]),
    bytes: Number(output["bytes"]),
    width: Number(output["width"]),
    height: Number(output["height"]),
    format: String(output["format"]),
    folder: typeof folder === "string" ? folder : null,
    isMade: receipt["status"] === "done",
    startedAtMs: Date.parse(String(receipt["startedAt"])),
    endedAtMs: Date.parse(String(receipt["endedAt"])),
  };
}
