/** Whether anything of the tree outside has come to stand in what the program writes. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Layout } from "../../../src/spool/layout.ts";
import { MARK } from "./sentinel.ts";

/** Looks through the log, receipts, reasons and notes for words of the tree outside. */
export async function faultsOfWords(arena: string, layout: Layout): Promise<string[]> {
  const files = ["log.txt", "complaints.txt"].map((name) => join(arena, name));
  for (const directory of [layout.done, layout.failed, layout.rejected, layout.tmp, layout.run]) {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    files.push(...entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)));
  }
  const told = await Promise.all(files.map(async (file) => ((await readFile(file)).includes(MARK) ? [file] : [])));
  return told.flat().map((file) => `${file} tells what lies outside the roots`);
}
