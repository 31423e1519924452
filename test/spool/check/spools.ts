/** Spools to be looked through, and what they are made of. */
import { createHash } from "node:crypto";
import { rm, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { lookingSystem } from "../../../src/direct-system.ts";
import { type CheckedFinding, checkAll } from "../../../src/spool/check/check.ts";
import type { FindingCode } from "../../../src/spool/check/finding.ts";
import { type Layout, sequencePath } from "../../../src/spool/layout.ts";
import type { OutputFile, Receipt } from "../../../src/task/outcome.ts";
import { newSpool, put } from "../../support/directories.ts";
import { receiptFor } from "../stages.ts";
import { TASK_BYTES } from "../task.ts";

/** The directory that stands for the daemon's root: the spool lies in it. */
export const rootOf = (layout: Layout): string => dirname(layout.root);

export function check(layout: Layout, { fix = false, deep = false } = {}): Promise<readonly CheckedFinding[]> {
  return checkAll(lookingSystem(), layout, { roots: [rootOf(layout)], fix, deep });
}

export const codesOf = (findings: readonly CheckedFinding[]): FindingCode[] => findings.map(({ code }) => code);

/** Lets a file seem to have been written so many hours ago. */
export async function age(path: string, hours = 48): Promise<void> {
  const at = Date.now() / 1_000 - hours * 3_600;
  await utimes(path, at, at);
}

/** A receipt of outputs that are there and as it says, but for what is said of them. */
export async function placeDone(
  layout: Layout,
  number: number,
  outputs: Readonly<Record<string, Partial<OutputFile> | "gone">>,
  more: Partial<Receipt> = {},
): Promise<void> {
  const files: OutputFile[] = [];
  for (const [file, said] of Object.entries(outputs)) {
    const path = join(rootOf(layout), file);
    if (said !== "gone") await put(path, PIXELS);
    const sha256 = createHash("sha256").update(PIXELS).digest("hex");
    const told = { file, path, width: 1, height: 1, bytes: PIXELS.length, format: "jpeg" as const, sha256 };
    files.push(said === "gone" ? told : { ...told, ...said });
  }
  await put(join(layout.done, `${number}.json`), JSON.stringify({ ...receiptFor(number), ...more, outputs: files }));
}

const PIXELS = "pixels";

/** A spool in which numbers 1 to 9 were given, and all is as it should be. */
export async function spoolInOrder(): Promise<Layout> {
  const layout = await newSpool();
  await put(join(rootOf(layout), "in.jpg"), "a picture");
  await rm(sequencePath(layout.run, 0));
  await put(sequencePath(layout.run, 9), "");
  for (const number of [1, 2, 3]) await put(join(layout.tasks, `${number}.json`), TASK_BYTES);
  for (const number of [4, 5, 6]) await placeDone(layout, number, {});
  await put(join(layout.held, "7.p3.json"), TASK_BYTES);
  await put(join(layout.failed, "8.json"), TASK_BYTES);
  await put(join(layout.failed, "8.reason.json"), "{}");
  await put(join(layout.deferred, "5.9.a2.json"), TASK_BYTES);
  await put(join(layout.attempts, "9.json"), "[]");
  await put(join(layout.run, "batches", "b", "4"), "");
  return layout;
}
