import { dirname, join } from "node:path";
import { ignoring } from "../../system.ts";
import { receiptName } from "../../task/name.ts";
import type { OutputFile, Receipt } from "../../task/outcome.ts";
import { parseObject } from "../../task/text.ts";
import type { Check } from "./context.ts";
import type { Finding } from "./finding.ts";
import { checkOutputs, type ReceiptView, type ToldOutput } from "./outputs.ts";

/** Receipts, and the outputs that they tell of. Each is read once. */
export const checkReceipts: Check = async (context) => {
  const { system, layout, survey, outputDirectories } = context;
  const findings: Finding[] = [];
  const receipts: ReceiptView[] = [];
  const newest = new Map<string, DatedOutput>();
  for (const number of survey.receipts) {
    const path = join(layout.done, receiptName(number));
    const text = await ignoring(["ENOENT"], system.fs.readFile(path, "utf8"));
    if (text === undefined) continue;
    const receipt = receiptIn(text, number);
    if (receipt === undefined) {
      findings.push({ code: "not-a-receipt", path, tells: `it is no receipt of ${number}` });
      continue;
    }
    receipts.push({ number, path, outputs: receipt.outputs.length });
    for (const output of receipt.outputs) {
      const before = newest.get(output.path);
      if (before === undefined || isNewer(receipt, before)) newest.set(output.path, dated(receipt, output));
    }
  }
  for (const path of newest.keys()) outputDirectories.add(dirname(path));
  return [...findings, ...(await checkOutputs(context, receipts, newest.values()))];
};

type DatedOutput = ToldOutput & { readonly endedAt: string };

function dated({ number, endedAt }: Receipt, { path, bytes, sha256, tiles }: OutputFile): DatedOutput {
  return { number, endedAt, path, bytes, sha256, isPyramid: tiles !== undefined };
}

function isNewer({ number, endedAt }: Receipt, before: DatedOutput): boolean {
  return endedAt === before.endedAt ? number > before.number : endedAt > before.endedAt;
}

function receiptIn(text: string, number: number): Receipt | undefined {
  const value = parseObject(text) as Partial<Receipt> | undefined;
  if (value?.number !== number || !Array.isArray(value.outputs) || typeof value.endedAt !== "string") return undefined;
  return value.outputs.every((output) => typeof output?.path === "string") ? (value as Receipt) : undefined;
}
