import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Receipt, SerializedError } from "../../src/index.ts";
import type { Order } from "./orders.ts";
import { PLACES } from "./places.ts";

/** An order and what came of it. */
export interface Print {
  readonly order: Order;
  readonly receipt: Receipt;
  /** The name under which it lay in `tasks/`, or the call that put it there. */
  readonly cameAs: string;
}

export interface Rejection {
  readonly name: string;
  readonly error: SerializedError;
}

const REASON = ".reason.json";

/** What has ended so far: tasks done or failed, drops rejected. */
export async function countEnded(): Promise<number> {
  const names = await Promise.all(["done", "failed", "rejected"].map(list));
  return names.flat().filter((name) => !name.endsWith(REASON)).length;
}

/** Names in the state directories of the spool that should be empty in the end. */
export async function leftOver(): Promise<readonly string[]> {
  const states = ["tasks", "active", "deferred", "failed"];
  const names = await Promise.all(states.map(async (state) => (await list(state)).map((name) => `${state}/${name}`)));
  return names.flat();
}

/** Receipts, each with the order it belongs to, in the order of the photographs. */
export async function readPrints(orders: readonly Order[]): Promise<readonly Print[]> {
  const receipts: Receipt[] = [];
  for (const name of await list("done"))
    receipts.push(JSON.parse(await readFile(join(PLACES.spool, "done", name), "utf8")));
  const names = await readDropNames();
  return orders.flatMap((order) => {
    const receipt = receipts.find(({ outputs }) => outputs[0]?.file === order.task.outputs[0]?.file);
    return receipt === undefined ? [] : [{ order, receipt, cameAs: names.get(receipt.number) ?? order.door }];
  });
}

export async function readRejections(): Promise<readonly Rejection[]> {
  const rejections: Rejection[] = [];
  for (const file of await list("rejected")) {
    if (!file.endsWith(REASON)) continue;
    const { error } = JSON.parse(await readFile(join(PLACES.spool, "rejected", file), "utf8")) as Rejection;
    rejections.push({ name: file.slice(0, -REASON.length), error });
  }
  return rejections;
}

/** The log tells which file became which number. */
async function readDropNames(): Promise<ReadonlyMap<number, string>> {
  const log = await readFile(PLACES.log, "utf8");
  const lines = log.split("\n").filter((line) => line !== "");
  const events = lines.map((line) => JSON.parse(line) as { msg: string; number: number; name: string });
  return new Map(events.filter(({ msg }) => msg === "drop accepted").map(({ number, name }) => [number, name]));
}

/** Names in one directory of the spool, which the daemon may not have made yet. */
async function list(state: string): Promise<string[]> {
  try {
    return (await readdir(join(PLACES.spool, state))).sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
