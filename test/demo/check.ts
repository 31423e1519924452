import { stat } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import type { OutputFile } from "../../src/index.ts";
import { cutTo, postureOf } from "./look.ts";
import type { Order } from "./orders.ts";
import type { Photograph } from "./photographs.ts";
import { PLACES } from "./places.ts";
import { leftOver, type Print, type Rejection } from "./results.ts";
import { faultsOf } from "./tables.ts";

/** Mean distance of grey values, 0 to 255, up to which two small pictures show the same. */
const ALIKE = 8;

/** The drops that are no tasks, and the places in them that must be named. */
const EXPECTED_REJECTIONS: Readonly<Record<string, readonly string[]>> = {
  "misspelt.json": ["/outputs/0/fit inside", "/outputs/0/widht width", "/supplicent supplicant"],
  "note.json": [""],
};

/** Everything that is not as it should be, a sentence each; none when all is well. */
export async function faultsIn(
  orders: readonly Order[],
  prints: readonly Print[],
  rejections: readonly Rejection[],
): Promise<readonly string[]> {
  const faults = rejectionFaults(rejections);
  for (const name of await leftOver()) faults.push(`${name} should not be there any more`);
  for (const order of orders) {
    faults.push(...(await photographFaults(order.photograph)));
    const print = prints.find((candidate) => candidate.order === order);
    if (print === undefined) faults.push(`photograph ${order.photograph.number} was never printed`);
    else faults.push(...(await printFaults(print)));
  }
  return faults;
}

/** A photograph that does not lie sideways in its file would prove nothing. */
async function photographFaults({ source, orientation, upright }: Photograph): Promise<string[]> {
  const path = join(PLACES.home, source);
  const metadata = await sharp(path).metadata();
  const { way } = await postureOf(path, upright);
  const faults: string[] = [];
  if ((metadata.orientation ?? 1) !== orientation)
    faults.push(`${source} has EXIF orientation ${metadata.orientation}`);
  if ((way === "upright") !== (orientation === 1))
    faults.push(`${source} (EXIF ${orientation}) lies ${way} in its file`);
  return faults;
}

async function printFaults({ order, receipt }: Print): Promise<string[]> {
  const faults: string[] = [];
  if (receipt.number !== (order.number ?? receipt.number))
    faults.push(`the drop ${order.number} became task ${receipt.number}`);
  for (const asked of order.task.outputs) {
    const output = receipt.outputs.find(({ file }) => file === asked.file);
    if (output === undefined) faults.push(`${asked.file} was not made`);
    else faults.push(...(await outputFaults(output, wantedSize(order.photograph, asked), order.photograph.upright)));
  }
  return faults;
}

async function outputFaults({ file, bytes }: OutputFile, wanted: Size, upright: Buffer): Promise<string[]> {
  const path = join(PLACES.home, file);
  const faults: string[] = [];
  try {
    const { width, height, exif } = await sharp(path).metadata();
    const { size } = await stat(path);
    if (width !== wanted.width || height !== wanted.height)
      faults.push(`${file} has ${width}×${height} px instead of ${wanted.width}×${wanted.height}`);
    if (size !== bytes) faults.push(`${file} has not the ${bytes} bytes that its receipt tells of`);
    if (exif !== undefined) faults.push(`${file} still has the camera's metadata`);
    const { way, distance } = await postureOf(path, await cutTo(upright, wanted));
    if (way !== "upright") faults.push(`${file} lies ${way}`);
    else if (distance > ALIKE) faults.push(`${file} shows something else (distance ${distance.toFixed(1)})`);
  } catch (error) {
    faults.push(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  return faults;
}

/** Pixels. */
interface Size {
  readonly width: number;
  readonly height: number;
}

type Asked = Order["task"]["outputs"][number];

/** The size of an output that fits inside a box, covers it, or has only its width given. */
function wantedSize({ width, height }: Photograph, asked: Asked): Size {
  if (asked.width !== undefined && asked.height !== undefined && asked.fit === "cover")
    return { width: asked.width, height: asked.height };
  const across = (asked.width ?? Number.POSITIVE_INFINITY) / width;
  const down = (asked.height ?? Number.POSITIVE_INFINITY) / height;
  const scale = Math.min(across, down);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

function rejectionFaults(rejections: readonly Rejection[]): string[] {
  const expected = Object.keys(EXPECTED_REJECTIONS);
  const faults = expected
    .filter((name) => !rejections.some((rejection) => rejection.name === name))
    .map((name) => `${name} was not rejected`);
  for (const { name, error } of rejections) {
    const wanted = EXPECTED_REJECTIONS[name];
    const named = faultsOf(error.facts).map(({ pointer, nearest }) => [pointer, nearest ?? []].flat().join(" "));
    if (wanted === undefined) faults.push(`${name} was rejected: ${error.message}`);
    else if (named.toSorted().join() !== wanted.toSorted().join())
      faults.push(`${name} was rejected for ${named.join(", ")} instead of ${wanted.join(", ")}`);
  }
  return faults;
}
