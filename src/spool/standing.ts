/** How far another task has come on which one waits. */
import { join } from "node:path";
import { ignoring, type System } from "../system.ts";
import { receiptName } from "../task/name.ts";
import type { Receipt } from "../task/outcome.ts";
import { parseObject } from "../task/text.ts";
import { findTask } from "./find.ts";
import type { Layout } from "./layout.ts";
import { openPruned } from "./pruned.ts";

/** `gone`: no state holds it, and none of its traces was pruned. */
export type Standing = "done" | "failed" | "cancelled" | "waiting" | "gone";

/** What a receipt says that matters to others. */
type ReceiptGist = Pick<Receipt, "status" | "key"> & Partial<Pick<Receipt, "outputs">>;

/** How far a task has come. One that is held or runs is waiting still; one whose traces were pruned is what it was. */
export async function standingOf(system: System, layout: Layout, number: number): Promise<Standing> {
  const receipt = await readReceipt(system, layout, number);
  if (receipt !== undefined) return receipt.status === "cancelled" ? "cancelled" : "done";
  // It may move while the states are looked through one after the other.
  const found = (await findTask(system, layout, number)) ?? (await findTask(system, layout, number));
  if (found === undefined) return (await openPruned(system, layout).endOf(number)) ?? "gone";
  if (found.state === "done") return "done";
  return found.state === "failed" ? "failed" : "waiting";
}

/** What a receipt says that matters to others; undefined when there is none, or none that is whole. */
export async function readReceipt(
  { fs }: System,
  { done }: Pick<Layout, "done">,
  number: number,
): Promise<ReceiptGist | undefined> {
  const text = await ignoring(["ENOENT"], fs.readFile(join(done, receiptName(number)), "utf8"));
  const receipt = text === undefined ? undefined : parseObject(text);
  return receipt as ReceiptGist | undefined;
}
